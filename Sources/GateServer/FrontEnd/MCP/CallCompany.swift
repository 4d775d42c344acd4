import GateBackend
import GateHTTP
import GateProtocol
import NIOCore

/// What goes with a call besides its answer, as far as its caller wants it and can take it.
struct CallCompany {
    /// The caller's progress token as written.
    var token: ByteBuffer?
    /// What the caller can be asked.
    var capabilities: ClientCapabilities = []
    var logLevel: LogLevel?

    /// Nothing is told or asked: no listener is needed.
    var isEmpty: Bool { token == nil && capabilities.isEmpty && logLevel == nil }
}

extension MCPFrontEnd {
    func company(
        _ message: WireMessage, _ planned: PlannedCall, _ context: MCPContext, _ request: HTTPRequest
    ) -> CallCompany {
        var company = CallCompany()
        if let field = message.meta(MCPMeta.progressToken), field.isString || field.isNumber {
            company.token = message.slice(field.value)
        }
        if planned.call.operation.mayAsk { company.capabilities = context.capabilities.known(to: context.version) }
        company.logLevel = context.logLevel
        guard !company.isEmpty, !takesMessages(context, request) else { return company }
        company.token = nil
        company.logLevel = nil
        // Questions of the session revisions travel ahead of the answer; the others are the answer itself.
        if context.era == .legacy { company.capabilities = [] }
        return company
    }
}
