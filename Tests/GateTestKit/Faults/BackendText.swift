import GateProtocol

/// One `[[backends]]` table of a configuration.
package struct BackendText: Sendable {
    private var lines: [String]

    /// A program over stdio; a brand marks it and all it starts.
    package init(_ name: String, command: String, arguments: [String] = [], brand: Brand? = nil) {
        let words = arguments.map(BackendText.quoted).joined(separator: ", ")
        lines = ["name = \(BackendText.quoted(name))", "command = \(BackendText.quoted(command))", "args = [\(words)]"]
        if let brand { lines.append("env = { \(Brand.variable) = \(BackendText.quoted(brand.value)) }") }
    }

    /// The scripted server over stdio.
    package init(fake name: String, _ flags: [String] = [], brand: Brand? = nil) throws {
        self.init(name, command: try Products.path("fakemcp"), arguments: ["--name", name] + flags, brand: brand)
    }

    /// A server over HTTP.
    package init(_ name: String, port: UInt16) {
        lines = ["name = \(BackendText.quoted(name))", "url = \"http://127.0.0.1:\(port)/mcp\""]
    }

    /// Adds a line such as `request_timeout = 500`.
    package func with(_ line: String) -> BackendText {
        var copy = self
        copy.lines.append(line)
        return copy
    }

    package var text: String { "[[backends]]\n" + lines.joined(separator: "\n") + "\n\n" }

    /// A TOML string; JSON's escapes are valid there.
    private static func quoted(_ text: String) -> String { JSONValue.string(text).text }
}

extension Sequence<BackendText> {
    package var text: String { map(\.text).joined() }
}
