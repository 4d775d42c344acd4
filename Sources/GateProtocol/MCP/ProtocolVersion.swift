/// A revision of the Model Context Protocol, ordered by date.
public enum ProtocolVersion: String, Sendable, CaseIterable, Comparable {
    case v2024_11_05 = "2024-11-05"
    case v2025_03_26 = "2025-03-26"
    case v2025_06_18 = "2025-06-18"
    case v2025_11_25 = "2025-11-25"
    case v2026_07_28 = "2026-07-28"

    /// Up to 2025-11-25 a connection begins with `initialize` and has a session; from 2026-07-28 on every request stands alone.
    public var era: ProtocolEra { self >= .v2026_07_28 ? .modern : .legacy }

    public static let newestLegacy = ProtocolVersion.v2025_11_25
    public static let newest = ProtocolVersion.v2026_07_28
    public static let legacy = allCases.filter { $0.era == .legacy }

    public static func < (left: ProtocolVersion, right: ProtocolVersion) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The version from the bytes of a header or a JSON string without escapes.
    public init?(bytes: some Sequence<UInt8>) {
        guard let known = ProtocolVersion.allCases.first(where: { bytes.elementsEqual($0.rawValue.utf8) }) else {
            return nil
        }
        self = known
    }
}

/// The two ways in which MCP connections work.
public enum ProtocolEra: String, Sendable {
    /// `initialize` handshake, then a session (2024-11-05 to 2025-11-25).
    case legacy
    /// Version and capabilities on every request, no session (2026-07-28).
    case modern
}
