/// Makes the configuration of a file, the environment and flags.
///
/// Everything it works on is a value or handed in, so it reads neither files nor the process's own environment by itself. Flags win over
/// environment variables, these over the file, and the file over the defaults.
package enum ConfigLoader {
    /// A value that was given as a flag, such as `--port 4000`.
    package struct Override: Sendable {
        /// The key's path, as in `server.port`.
        package let key: String
        package let value: String
        /// The flag as the user typed it, for messages.
        package let flag: String

        package init(key: String, value: String, flag: String) {
            self.key = key
            self.value = value
            self.flag = flag
        }
    }

    /// - Parameters:
    ///   - file: the file's content, nil when there is none.
    ///   - environment: the process's environment; HOME stands for `~`.
    ///   - workingDirectory: absolute; what relative paths in flags and variables belong to.
    ///   - files: what `${file:…}` reads.
    /// - Throws: all problems that were found, at most `ConfigProblems.limit`.
    package static func load(
        file: ConfigFile? = nil, environment: [String: String], overrides: [Override] = [], workingDirectory: String,
        files: SecretFiles = .none
    ) throws(ConfigProblems) -> LoadedConfig {
        var load = ConfigLoad(environment: environment, workingDirectory: workingDirectory, files: files)
        if let file { load.read(file) }
        load.readEnvironment()
        load.read(overrides)
        return try load.finish(path: file?.path)
    }

    /// The configuration as far as it can be read, for commands that look for a running gateway: its file may have
    /// been broken since it started.
    package static func readable(
        file: ConfigFile?, environment: [String: String], overrides: [Override] = [], workingDirectory: String,
        files: SecretFiles = .none
    ) -> GatewayConfig {
        var load = ConfigLoad(environment: environment, workingDirectory: workingDirectory, files: files)
        if let file { load.read(file) }
        load.readEnvironment()
        load.read(overrides)
        return load.readable
    }
}

/// A checked configuration and what is to be said about its source.
package struct LoadedConfig: Sendable, Equatable {
    package var config: GatewayConfig
    /// The file it was read from; nil when there was none.
    package var path: String?
    /// Keys whose values are secrets written into the file itself instead of as `${NAME}`.
    package var literalSecrets: [String]
    /// Where the backends of the file have their names, in the order of `config.backends`.
    package var backendOrigins: [ConfigProblem.Origin] = []
}
