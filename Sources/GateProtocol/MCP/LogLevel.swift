/// How urgent a log message is, in MCP's words (those of syslog, RFC 5424), least urgent first.
public enum LogLevel: Int, Sendable, CaseIterable, Comparable {
    case debug, info, notice, warning, error, critical, alert, emergency

    /// As MCP writes it.
    public var name: String { String(describing: self) }

    /// - Returns: nil for a name that MCP does not have.
    public init?(name: String) {
        guard let level = LogLevel.allCases.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return nil }
        self = level
    }

    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}
