import GateProtocol
import GateTestKit

/// Configuration text for backends.
enum Backends {
    static func stdio(
        _ name: String, _ command: String, _ arguments: [String] = [], environment: [String: String] = [:]
    ) -> String {
        let values = environment.sorted { $0.key < $1.key }.map { "\($0.key) = \(quoted($0.value))" }
        return """
            [[backends]]
            name = \(quoted(name))
            command = \(quoted(command))
            args = [\(arguments.map(quoted).joined(separator: ", "))]
            env = { \(values.joined(separator: ", ")) }

            """
    }

    static func http(_ name: String, _ url: String) -> String {
        "[[backends]]\nname = \(quoted(name))\nurl = \(quoted(url))\n\n"
    }

    /// The scripted server over stdio.
    static func fake(_ name: String, _ flags: [String] = []) throws -> String {
        stdio(name, try Products.path("fakemcp"), ["--name", name] + flags)
    }

    /// A TOML string; JSON's escapes are valid there.
    static func quoted(_ text: String) -> String { JSONValue.string(text).text }
}
