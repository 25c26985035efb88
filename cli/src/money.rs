//! Amounts of money as people write and read them: `240.00 EUR`.

use api::approval::Money;

/// Digits after the point, by ISO 4217.
fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// `240.00 EUR`.
pub(crate) fn show(money: &Money) -> String {
    let decimals = decimals(&money.currency);
    let unit = 10_u64.pow(decimals);
    let sign = if money.minor_units < 0 { "-" } else { "" };
    let amount = money.minor_units.unsigned_abs();
    if decimals == 0 {
        return format!("{sign}{amount} {}", money.currency);
    }
    format!("{sign}{}.{:0width$} {}", amount / unit, amount % unit, money.currency, width = decimals as usize)
}

/// Reads `240 EUR`, `240.00EUR`, `1200 JPY`.
pub(crate) fn parse(text: &str) -> Result<Money, String> {
    let bad = || format!("`{text}` is not an amount: write 240.00 EUR");
    let text = text.trim();
    let at = text.len().checked_sub(3).filter(|at| text.is_char_boundary(*at)).ok_or_else(bad)?;
    let (number, currency) = text.split_at(at);
    if !currency.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(bad());
    }
    let number = number.trim();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let decimals = decimals(currency) as usize;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > decimals || (number.contains('.') && part.is_empty()) {
        return Err(bad());
    }
    let minor_units = format!("{whole}{part:0<decimals$}").parse().map_err(|_| bad())?;
    Ok(Money { minor_units, currency: currency.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_survive_being_shown() {
        for (text, minor, shown) in [
            ("240 EUR", 24_000, "240.00 EUR"),
            ("240.5EUR", 24_050, "240.50 EUR"),
            ("1200 JPY", 1_200, "1200 JPY"),
            ("1.234 KWD", 1_234, "1.234 KWD"),
            ("0.05 USD", 5, "0.05 USD"),
        ] {
            let money = parse(text).unwrap();
            assert_eq!((money.minor_units, show(&money).as_str()), (minor, shown), "{text}");
            assert_eq!(parse(shown).unwrap(), money);
        }
        for text in
            ["", "EUR", "240", "240 eur", "1.234 EUR", "1.5 JPY", "1. EUR", "-1 EUR", "1,5 EUR", "é€EUR", "99999999999999999999 EUR"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(show(&Money { minor_units: -5, currency: "EUR".into() }), "-0.05 EUR");
    }
}
