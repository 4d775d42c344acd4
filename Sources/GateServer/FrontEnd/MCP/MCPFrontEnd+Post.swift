import NIOHTTP1
import GateBackend
import GateHTTP
import GateProtocol
import NIOCore

/// Reading a POST and finding out which era it belongs to.
extension MCPFrontEnd {
    static let timeoutHeader = "X-Stonegate-Timeout"

    func post(_ request: HTTPRequest, _ exchange: HTTPExchange, _ scope: Visibility) async {
        guard MediaTypes.isJSON(request.headers) else {
            return refuse(.unsupportedMediaType, "Send \"Content-Type: application/json\".", on: exchange)
        }
        guard MediaTypes.accepts("application/json", request.headers) else {
            return refuse(
                .notAcceptable, "Send \"Accept: application/json, text/event-stream\": answers come in either form.",
                on: exchange)
        }
        let message: WireMessage
        do throws(EnvelopeFault) {
            message = try WireMessage(request.body, limits: options.json)
        } catch .batch {
            return await postBatch(request, exchange, scope)
        } catch {
            return send(MCPFrontEnd.refusal(error, in: request.body), on: exchange)
        }
        if let fault = MCPFrontEnd.idFault(message) { return send(fault, on: exchange) }
        if ModernRules.apply(to: message, request.headers) {
            await modern(message, request, exchange, scope)
        } else {
            await legacy(message, request, exchange, scope)
        }
    }

    /// The answer to a text that is not one message.
    static func refusal(_ fault: EnvelopeFault, in text: ByteBuffer) -> RPCReply {
        var id: ByteBuffer?
        if case .invalid(_, let range?) = fault, range.count <= 256 {
            id = text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count)
            if id.map(isID) == false { id = nil }
        }
        return .error(fault.code, fault.message, id: id, status: .badRequest)
    }

    /// A refusal of a request whose id is a number but not an integer: readers would echo it differently.
    static func idFault(_ message: WireMessage) -> RPCReply? {
        guard message.envelope.kind == .request, let id = message.envelope.id, !isID(message.slice(id.value)) else {
            return nil
        }
        return .error(
            RPCCode.invalidRequest, "\"id\" must be a string or an integer.", id: nil,
            status: .badRequest)
    }

    static func isID(_ text: ByteBuffer) -> Bool {
        text.withUnsafeReadableBytes { bytes in
            bytes.first == UInt8(ascii: "\"") || bytes.allSatisfy { $0 == UInt8(ascii: "-") || $0 &- 0x30 < 10 }
        }
    }

    /// Why the header that bounds a call is not usable; nil when it is, or is not there.
    func timeout(_ headers: HTTPRequestFields) -> Result<Duration?, RPCFault> {
        guard let value = headers[MCPFrontEnd.timeoutHeader] else { return .success(nil) }
        guard value.utf8.count <= 9, value.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let number = Int(value), number > 0
        else {
            return .failure(
                RPCFault(
                    code: RPCCode.invalidParams,
                    message: "\(MCPFrontEnd.timeoutHeader) must be whole milliseconds, at least 1."))
        }
        return .success(min(.milliseconds(number), options.maxCallTimeout))
    }
}

/// A protocol fault that becomes a JSON-RPC error.
struct RPCFault: Error {
    let code: Int
    let message: String

    func reply(_ id: ByteBuffer) -> RPCReply { .error(code, message, id: id) }
}
