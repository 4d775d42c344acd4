package import GateProtocol

/// What a tool's `annotations` say about repeating a call. They are the server's word, no more: they count only where the operator
/// trusts the server.
package struct ToolAnnotations: Sendable {
    private let readOnly: JSONValue?
    private let destructive: JSONValue?
    private let idempotent: JSONValue?

    package init(_ definition: JSONValue) {
        let annotations = definition["annotations"]
        readOnly = annotations?["readOnlyHint"]
        destructive = annotations?["destructiveHint"]
        idempotent = annotations?["idempotentHint"]
    }

    /// Whether a call may be carried out twice: the tool is read-only or idempotent. Annotations that contradict each other or
    /// are no booleans permit nothing.
    package var permitRepetition: Bool {
        for hint in [readOnly, destructive, idempotent] {
            guard let hint, hint != .null else { continue }
            guard hint.boolValue != nil else { return false }
        }
        let isReadOnly = readOnly?.boolValue ?? false
        if isReadOnly, destructive?.boolValue ?? false { return false }
        return isReadOnly || idempotent?.boolValue ?? false
    }
}
