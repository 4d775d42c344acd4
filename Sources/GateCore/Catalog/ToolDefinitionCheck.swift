package import GateProtocol

/// Checks one entry of a backend's `tools/list` so that it cannot spoil the list for clients: what can be repaired is
/// repaired, what cannot is dropped, alone.
package struct ToolDefinitionCheck: Sendable {
    /// Bounds on one definition.
    package struct Limits: Hashable, Sendable {
        /// Longest name, in bytes.
        package var name = 128
        /// Longest description, in bytes; a longer one is cut.
        package var description = 16 * 1024
        /// Largest schema, in bytes of compact JSON.
        package var schema = 64 * 1024

        package init() {}
    }

    package enum Outcome: Hashable, Sendable {
        /// Nothing to do: use the original bytes.
        case keep
        /// Usable in its new form; what was done, for `gate_status`.
        case repaired([String])
        /// Not usable; why, for `gate_status`.
        case dropped(String)
    }

    package let outcome: Outcome
    /// The original name; empty when there is none.
    package let name: String
    /// The definition to list; the original one when nothing was repaired or it was dropped.
    package let definition: JSONValue
    /// Whether the output schema has to be left out for clients of revisions before 2026-07-28, which demand an
    /// object. Leave out `structuredContent` of its results for them as well.
    package let stripsOutputSchemaForLegacy: Bool

    package init(_ tool: JSONValue, limits: Limits = Limits()) {
        var repair = ToolDefinitionRepair(limits: limits)
        let result = repair.run(tool)
        name = tool["name"]?.stringValue ?? ""
        switch result {
        case .failure(let reason):
            outcome = .dropped(reason.text)
            definition = tool
            stripsOutputSchemaForLegacy = false
        case .success(let object):
            outcome = repair.reasons.isEmpty ? .keep : .repaired(repair.reasons)
            definition = repair.reasons.isEmpty ? tool : .object(object)
            stripsOutputSchemaForLegacy = object["outputSchema"].map { $0["type"]?.stringValue != "object" } ?? false
        }
    }
}
