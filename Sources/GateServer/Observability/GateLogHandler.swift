package import GateConfig
import GateProtocol
package import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes the log to stderr, one event a line, as text for people or JSON for programs.
///
/// Whatever a backend or a caller puts into a name or an error cannot begin a new line or steer a terminal: control characters are
/// escaped in both formats, and no value is longer than 8 KiB.
package struct GateLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let format: GatewayConfig.Logging.Format

    private static let maxValue = 8 * 1024

    package init(_ config: GatewayConfig.Logging) {
        logLevel = Logger.Level(rawValue: config.level.rawValue) ?? .info
        format = config.format
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let pairs = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let line =
            switch format {
            case .json: json(event, pairs)
            case .text: text(event, pairs)
            }
        // One write: lines of several threads do not mix.
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func json(_ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)]) -> [UInt8] {
        var object = JSONObject([
            ("time", .string(LogTime.now())), ("level", .string(event.level.rawValue)),
            ("message", .string(bounded("\(event.message)"))),
        ])
        for (key, value) in pairs { object[key] = .string(bounded("\(value)")) }
        return JSONValue.object(object).bytes + [0x0A]
    }

    private func text(_ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)]) -> [UInt8] {
        var line = "\(LogTime.now()) \(event.level.rawValue.uppercased()) "
        for (key, value) in pairs where key == "server" { line += "[\(escaped(value.description))] " }
        line += escaped("\(event.message)")
        for (key, value) in pairs where key != "server" { line += " \(key)=\(escaped(value.description))" }
        return Array(line.utf8) + [0x0A]
    }

    private func bounded(_ value: String) -> String {
        value.utf8.count <= GateLogHandler.maxValue
            ? value : String(decoding: value.utf8.prefix(GateLogHandler.maxValue), as: UTF8.self) + "…"
    }

    private func escaped(_ value: String) -> String {
        var out = ""
        for scalar in bounded(value).unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                out += "\\u{\(String(scalar.value, radix: 16))}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

/// The wall clock as RFC 3339 in UTC, for people; nothing is decided by it.
enum LogTime {
    static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        gmtime_r(&time.tv_sec, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let thousandths = String(1_000 + time.tv_nsec / 1_000_000).dropFirst()
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(thousandths)Z"
    }
}
