package import GateCore

/// One of several instances of a backend as operators see it, at one moment.
package struct InstanceStatus: Sendable {
    package let id: Int
    /// Whose it is; nil for a shared one and for a spare.
    package let owner: InstanceOwner?
    /// Time without a call; nil while a call has it.
    package let idle: Duration?
    package let status: BackendStatus
}
