import GateProtocol
import NIOCore

/// What a request comes to when it has been read.
enum CallPlan: Sendable {
    /// A backend carries it out.
    case call(PlannedCall)
    /// One of the gateway's own tools.
    case own(OwnCall)
    /// The answer is known.
    case answered(RPCReply)
}

/// A call of one of the gateway's own tools.
struct OwnCall: Sendable {
    let tool: GatewayTools.Name
    let given: JSONMembers
    /// What goes to the tool that is called through it.
    let meta: ByteBuffer?
}

/// A request that a backend carries out, checked and with its target: what is left is to call and to answer.
struct PlannedCall: Sendable {
    var call: GatewayCall
    /// It came through `gate_call`: every failure becomes a failed result, which a model can read.
    var isIndirect = false
    /// How often the user was asked to open pages for it.
    var pagesShown: UInt8 = 0
    /// The URI of a resource as the agent wrote it.
    var asked: String?
}
