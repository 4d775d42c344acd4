/// Where a running gateway's configuration comes from: read once at the start, and again when it is to be reloaded.
package struct ConfigSource: Sendable {
    package let location: ConfigLocator.Location?
    private let environment: [String: String]
    private let overrides: [ConfigLoader.Override]
    private let workingDirectory: String
    /// Backends beside those of the file; one of the file with such a name counts instead.
    private let extra: [BackendConfig]

    /// - Parameters:
    ///   - flag: the value of `--config`.
    ///   - workingDirectory: absolute.
    package init(
        flag: String?, environment: [String: String], overrides: [ConfigLoader.Override], workingDirectory: String,
        extra: [BackendConfig] = []
    ) {
        location = ConfigLocator.location(flag: flag, environment: environment)
        self.environment = environment
        self.overrides = overrides
        self.workingDirectory = workingDirectory
        self.extra = extra
    }

    /// - Returns: nil when there is no file and none was asked for.
    package func read() throws(ConfigProblem) -> ConfigFile? { try ConfigLocator.find(location) }

    package func load(_ file: ConfigFile?) throws(ConfigProblems) -> LoadedConfig {
        var loaded = try ConfigLoader.load(
            file: file, environment: environment, overrides: overrides, workingDirectory: workingDirectory,
            files: .system)
        for backend in extra {
            let folded = BackendName.folded(backend.name)
            if !loaded.config.backends.contains(where: { BackendName.folded($0.name) == folded }) {
                loaded.config.backends.append(backend)
            }
        }
        return loaded
    }

    /// What speaks against taking a file that is read while the gateway runs: it is there, but not what anybody wrote.
    ///
    /// - Parameter path: the file whose content is in force; nil when there was none.
    package static func problem(of file: ConfigFile?, replacing path: String?) -> ConfigProblem? {
        guard let path else { return nil }
        let message: String
        if file == nil {
            message = "the file is gone; to run without backends, keep a file that names none"
        } else if file?.bytes.isEmpty == true {
            message =
                "the file is empty, as it is while it is being written; to run without backends, keep a comment in it"
        } else {
            return nil
        }
        return ConfigProblem(origin: .file(path: path, line: nil, column: nil), key: "", message: message)
    }
}
