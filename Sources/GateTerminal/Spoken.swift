/// Quantities as people read them.
package enum Spoken {
    /// `45s`, `12m 5s`, `3h 20m`, `4d 2h`.
    package static func time(seconds: Int) -> String {
        switch seconds {
        case ..<60: "\(max(0, seconds))s"
        case ..<3600: "\(seconds / 60)m \(seconds % 60)s"
        case ..<86_400: "\(seconds / 3600)h \(seconds % 3600 / 60)m"
        default: "\(seconds / 86_400)d \(seconds % 86_400 / 3600)h"
        }
    }

    /// `0.4 %` for 0.004.
    package static func percent(_ share: Double) -> String { "\(rounded(share * 100)) %" }

    /// `12.3 ms`.
    package static func milliseconds(_ value: Double) -> String { "\(rounded(value)) ms" }

    /// `640 B`, `12.5 KiB`, `48 MiB`, `1.2 GiB`.
    package static func bytes(_ count: Int) -> String {
        switch count {
        case ..<1024: "\(max(0, count)) B"
        case ..<(1 << 20): "\(rounded(Double(count) / 1024)) KiB"
        case ..<(1 << 30): "\(rounded(Double(count) / Double(1 << 20))) MiB"
        default: "\(rounded(Double(count) / Double(1 << 30))) GiB"
        }
    }

    /// `0.4s`, `12m 5s`: a time that may be short.
    package static func seconds(_ value: Double) -> String {
        value < 60 ? "\(rounded(value))s" : time(seconds: Int(min(value, 1e12)))
    }

    /// `1 tool`, `2 tools`.
    package static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    private static func rounded(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "?" }
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
    }
}
