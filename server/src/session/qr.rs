//! A QR code as one path, for a page that loads nothing and runs no script for it.

use std::fmt::Write;

use keyward_api::Sensitive;
use keyward_api::account::QrCode;
use qrcode::types::{QrError, QrResult};
use qrcode::{Color, EcLevel};
use zeroize::Zeroizing;

/// Modules around it that are light (ISO/IEC 18004, 6.3.8).
const QUIET: usize = 4;

/// Draws `text`, which may have some 2000 bytes. What is dark in a row is one rectangle.
pub fn draw(text: &Sensitive) -> QrResult<QrCode> {
    let code = qrcode::QrCode::with_error_correction_level(text.expose(), EcLevel::M)?;
    let width = code.width();
    let colors = code.into_colors();
    // It holds what the text holds.
    let mut path = Zeroizing::new(String::new());
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run[0] == Color::Dark {
                let (x, y, n) = (x + QUIET, y + QUIET, run.len());
                // A `String` takes all.
                let _ = write!(path, "M{x} {y}h{n}v1h-{n}z");
            }
            x += run.len();
        }
    }
    let size = u32::try_from(width + 2 * QUIET).map_err(|_| QrError::DataTooLong)?;
    Ok(QrCode { size, path: std::mem::take(&mut *path).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> QrResult<QrCode> {
        draw(&text.to_owned().into())
    }

    /// The modules that the path makes dark.
    fn dark(qr: &QrCode) -> Vec<Vec<bool>> {
        let size = qr.size as usize;
        let mut modules = vec![vec![false; size]; size];
        for run in qr.path.expose().split('M').skip(1) {
            let (at, rest) = run.split_once('h').unwrap();
            let (n, rest) = rest.split_once("v1h-").unwrap();
            assert_eq!(rest, format!("{n}z"));
            let (x, y) = at.split_once(' ').unwrap();
            let [x, y, n] = [x, y, n].map(|number| number.parse::<usize>().unwrap());
            modules[y][x..x + n].iter_mut().for_each(|module| *module = true);
        }
        modules
    }

    #[test]
    fn the_path_has_the_dark_modules_and_a_quiet_zone() {
        let qr = drawn("otpauth://totp/x").unwrap();
        let modules = dark(&qr);
        let expected = qrcode::QrCode::with_error_correction_level("otpauth://totp/x", EcLevel::M);
        let expected = expected.unwrap();
        assert_eq!(qr.size as usize, expected.width() + 8);
        for (y, row) in modules.iter().enumerate() {
            for (x, is_dark) in row.iter().enumerate() {
                let inside = |n: usize| (4..expected.width() + 4).contains(&n);
                let is_expected = inside(x) && inside(y) && expected[(x - 4, y - 4)] == Color::Dark;
                assert_eq!(*is_dark, is_expected, "{x} {y}");
            }
        }
    }

    #[test]
    fn the_longest_address_fits_and_more_is_refused() {
        assert!(drawn(&"x".repeat(2_000)).is_ok());
        assert!(drawn(&"x".repeat(3_000)).is_err());
    }
}
