/// Finds the configuration file: `--config`, then STONEGATE_CONFIG, then `~/.stonegate/config.toml`.
package enum ConfigLocator {
    /// Where to look, and whether somebody asked for just that file.
    package struct Location: Sendable, Equatable {
        package var path: String
        /// Whether the file must exist.
        package var isRequired: Bool
        /// What named the file, for messages: `--config` or `STONEGATE_CONFIG`.
        package var namedBy: String
    }

    /// - Returns: nil when no place is known, that is without HOME.
    package static func location(flag: String?, environment: [String: String]) -> Location? {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
        if let flag { return Location(path: expanded(flag, home), isRequired: true, namedBy: "--config") }
        if let path = environment["STONEGATE_CONFIG"], !path.isEmpty {
            return Location(path: expanded(path, home), isRequired: true, namedBy: "STONEGATE_CONFIG")
        }
        return home.map { Location(path: $0 + "/.stonegate/config.toml", isRequired: false, namedBy: "default") }
    }

    /// - Returns: nil when there is no file and none was asked for.
    package static func find(flag: String?, environment: [String: String]) throws(ConfigProblem) -> ConfigFile? {
        try find(location(flag: flag, environment: environment))
    }

    package static func find(_ location: Location?) throws(ConfigProblem) -> ConfigFile? {
        guard let location else { return nil }
        if let file = try ConfigFile.read(location.path) { return file }
        guard location.isRequired else { return nil }
        throw ConfigProblem(
            origin: .file(path: location.path, line: nil, column: nil), key: "",
            message: "there is no such file; it was named by \(location.namedBy)")
    }

    private static func expanded(_ path: String, _ home: String?) -> String {
        guard let home, path == "~" || path.utf8.starts(with: "~/".utf8) else { return path }
        return home + path.dropFirst()
    }
}
