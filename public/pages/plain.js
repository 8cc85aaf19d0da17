import '/shop.js';
