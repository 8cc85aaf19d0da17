//! demo/psp
