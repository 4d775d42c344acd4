import Testing

@testable import GateConfig

/// A home, a working directory and an environment that are no real ones.
let testHome = ["HOME": "/home/ann"]

func load(
    _ text: String, environment: [String: String] = testHome, overrides: [ConfigLoader.Override] = [],
    path: String = "/etc/gate/config.toml"
) throws(ConfigProblems) -> LoadedConfig {
    try load(bytes: Array(text.utf8), environment: environment, overrides: overrides, path: path)
}

func load(
    bytes: [UInt8], environment: [String: String] = testHome, overrides: [ConfigLoader.Override] = [],
    path: String = "/etc/gate/config.toml"
) throws(ConfigProblems) -> LoadedConfig {
    try ConfigLoader.load(
        file: ConfigFile(path: path, bytes: bytes), environment: environment, overrides: overrides,
        workingDirectory: "/srv")
}

/// The problems of a text, one line each; empty when it is accepted.
func problems(_ text: String, environment: [String: String] = testHome) -> [String] {
    problems(bytes: Array(text.utf8), environment: environment)
}

func problems(bytes: [UInt8], environment: [String: String] = testHome) -> [String] {
    do throws(ConfigProblems) {
        _ = try load(bytes: bytes, environment: environment, path: "c.toml")
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

/// A text and the problems expected of it.
struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let expected: [String]

    init(_ text: String, _ expected: String...) {
        self.text = text
        self.expected = expected
    }

    var testDescription: String { text }
}
