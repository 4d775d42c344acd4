/// A variable that may not be set, in words for the person who tried.
package struct EnvironmentRefusal: Error, Equatable, CustomStringConvertible {
    package let name: String
    package let message: String
    package var description: String { message }
}

/// Builds the environment of a child: a few variables of the gateway's own, then what is configured. Nothing else.
package enum ChildEnvironment {
    /// Where configured pairs come from.
    package enum Trust: Sendable {
        /// The operator's file, which names the program to run anyway: any variable may be set.
        case config
        /// A request at run time: variables that make a program load or run other code are refused.
        case runtime
    }

    /// Passed on from the gateway's own environment, besides `LC_*`.
    package static let allowed: Set<String> = ["PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR"]

    /// - Parameters:
    ///   - inherited: the gateway's own environment.
    ///   - passing: names of further variables to pass on.
    ///   - configured: the backend's own pairs; they win, and the last of a name wins.
    ///   - unsafeEnv: the operator allows any variable also at run time.
    /// - Returns: inherited variables sorted by name, then configured ones in their order.
    package static func build(
        inherited: [String: String], passing: Set<String> = [], configured: [(name: String, value: String)],
        trust: Trust, unsafeEnv: Bool = false
    ) throws(EnvironmentRefusal) -> [(name: String, value: String)] {
        for (name, value) in configured {
            guard isValid(name: name) else {
                throw EnvironmentRefusal(
                    name: name,
                    message:
                        "The name of an environment variable must not be empty or contain `=` or NUL. Correct `env`.")
            }
            guard !value.utf8.contains(0) else {
                throw EnvironmentRefusal(
                    name: name, message: "The value of \(name) holds a NUL byte. Correct `env`.")
            }
            if trust == .runtime, !unsafeEnv, isDenied(name) {
                throw EnvironmentRefusal(
                    name: name,
                    message: "\(name) can make a program run other code and may not be set at run time. Set it in the "
                        + "configuration file, or set unsafe_env = true there.")
            }
        }
        // Compared by bytes: "é" composed and decomposed are two variables.
        var own: [[UInt8]: Int] = [:]
        for (index, pair) in configured.enumerated() { own[Array(pair.name.utf8)] = index }
        let base = inherited.filter { name, value in
            (allowed.contains(name) || name.utf8.starts(with: "LC_".utf8) || passing.contains(name))
                && own[Array(name.utf8)] == nil && isValid(name: name) && !value.utf8.contains(0)
        }
        let kept = configured.enumerated().filter { own[Array($0.element.name.utf8)] == $0.offset }.map(\.element)
        return base.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) } + kept
    }

    static func isValid(name: String) -> Bool {
        !name.isEmpty && !name.utf8.contains { $0 == UInt8(ascii: "=") || $0 == 0 }
    }

    /// Whether a variable can change what code a program, an interpreter or a shell runs.
    package static func isDenied(_ name: String) -> Bool {
        deniedNames.contains(Array(name.utf8)) || deniedPrefixes.contains { name.utf8.starts(with: $0.utf8) }
    }

    private static let deniedPrefixes = [
        "LD_", "DYLD_", "PYTHON", "PERL5", "GIT_", "BASH_FUNC_", "NPM_CONFIG_", "npm_config_", "UV_", "PIP_",
        "CORECLR_",
        "COR_", "DOTNET_",
    ]

    private static let deniedNames: Set<[UInt8]> = Set(
        [
            "PATH", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "BASHOPTS", "PS4", "PROMPT_COMMAND", "CDPATH", "ZDOTDIR",
            "NODE_OPTIONS", "NODE_PATH", "PERLLIB", "RUBYOPT", "RUBYLIB", "GEM_PATH", "GEM_HOME", "JAVA_TOOL_OPTIONS",
            "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH", "GCONV_PATH", "GLIBC_TUNABLES", "LOCPATH", "NLSPATH",
            "DENO_DIR", "BUN_OPTIONS", "PHPRC", "PHP_INI_SCAN_DIR", "LUA_PATH", "LUA_CPATH", "LUA_INIT", "EDITOR",
            "VISUAL", "PAGER", "BROWSER",
        ].map { Array($0.utf8) })
}
