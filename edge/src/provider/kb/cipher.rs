//! AES-256-GCM, one block after the other.
//!
//! # Why not `Aes256Gcm`
//! The cipher's own counter mode enciphers four blocks at once where there are as many, by a second copy
//! of the whole cipher. Our fields have a few blocks, and the copy is a kilobyte of the upload.

use aes_gcm::aead::consts::{U1, U12, U16};
use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{
    Block, BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, InOut,
    ParBlocksSizeUser,
};
use aes_gcm::{AesGcm, KeyInit as _};

struct OneByOne(Aes256);

impl BlockSizeUser for OneByOne {
    type BlockSize = U16;
}

impl ParBlocksSizeUser for OneByOne {
    type ParBlocksSize = U1;
}

impl BlockCipherEncBackend for OneByOne {
    fn encrypt_block(&self, block: InOut<'_, '_, Block<Self>>) {
        self.0.encrypt_block_inout(block);
    }
}

impl BlockCipherEncrypt for OneByOne {
    fn encrypt_with_backend(&self, with: impl BlockCipherEncClosure<BlockSize = U16>) {
        with.call(self);
    }
}

/// The text with its tag; `None` for a text that is too long for the mode.
pub(super) fn sealed(key: [u8; 32], nonce: [u8; 12], msg: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
    let cipher = AesGcm::<_, U12>::from(OneByOne(Aes256::new(&key.into())));
    cipher.encrypt(&nonce.into(), Payload { msg, aad }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_the_library_s_own_mode_says() {
        for length in [0, 1, 15, 16, 17, 63, 64, 65, 200] {
            let (key, nonce, msg) = ([7; 32], [9; 12], vec![5; length]);
            let whole = aes_gcm::Aes256Gcm::new(&key.into());
            let theirs = whole.encrypt(&nonce.into(), Payload { msg: &msg, aad: b"KB" }).ok();
            assert_eq!(sealed(key, nonce, &msg, b"KB"), theirs, "{length}");
        }
    }
}
