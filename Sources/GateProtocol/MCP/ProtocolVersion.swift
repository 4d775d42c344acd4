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
    ///
    /// Every request of a session carries one, so it is read as a date and compared as a number.
    @inlinable
    public init?(bytes: some Collection<UInt8>) {
        let found = bytes.withContiguousStorageIfAvailable { ProtocolVersion(date: UnsafeRawBufferPointer($0)) }
        guard let version = found ?? Array(bytes).withUnsafeBytes({ ProtocolVersion(date: $0) }) else { return nil }
        self = version
    }

    @usableFromInline
    init?(date: UnsafeRawBufferPointer) {
        guard date.count == 10, date[4] == UInt8(ascii: "-"), date[7] == UInt8(ascii: "-") else { return nil }
        var number = 0
        for index in [0, 1, 2, 3, 5, 6, 8, 9] {
            let digit = date[index] &- 0x30
            guard digit < 10 else { return nil }
            number = number &* 10 &+ Int(digit)
        }
        switch number {
        case 2024_11_05: self = .v2024_11_05
        case 2025_03_26: self = .v2025_03_26
        case 2025_06_18: self = .v2025_06_18
        case 2025_11_25: self = .v2025_11_25
        case 2026_07_28: self = .v2026_07_28
        default: return nil
        }
    }
}

/// The two ways in which MCP connections work.
public enum ProtocolEra: String, Sendable {
    /// `initialize` handshake, then a session (2024-11-05 to 2025-11-25).
    case legacy
    /// Version and capabilities on every request, no session (2026-07-28).
    case modern
}
