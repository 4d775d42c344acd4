import GateProtocol
import NIOCore

/// What a tool's definition says of tasks (2025-11-25, `execution.taskSupport`).
package enum TaskSupport: String, Sendable {
    /// Nothing: its server does not serve it as a task, so the gateway can.
    case unstated
    case forbidden
    case optional
    case required

    /// - Parameter definition: a tool's definition. An `execution` that does not say what it supports forbids tasks.
    init(_ definition: JSONValue) {
        guard let execution = definition["execution"] else {
            self = .unstated
            return
        }
        self = execution["taskSupport"]?.stringValue.flatMap { TaskSupport(rawValue: $0) } ?? .forbidden
        if self == .unstated { self = .forbidden }
    }

    /// The member that is added to the definition of a tool that says nothing.
    static let listed = #""execution":{"taskSupport":"optional"}"#

    /// The member of the server capabilities.
    static let capability = #""tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}"#
}
