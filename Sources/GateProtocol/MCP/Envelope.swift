/// One JSON-RPC message, checked as a whole and taken apart only as far as the gateway routes on it.
///
/// All ranges point into the text that was scanned. `arguments`, results and unknown members are never looked into.
public struct Envelope: Sendable {
    public enum Kind: Sendable, Equatable {
        case request
        case notification
        case result
        case failure
    }

    public let kind: Kind
    /// The id exactly as written, quotes included. An error reply may lack it.
    public let id: JSONField?
    /// The method's name as written between the quotes.
    public let method: JSONField?
    /// Members of `params`.
    public let params: JSONFields?
    /// Members of `params._meta` or of `result._meta`.
    public let meta: JSONFields?
    /// Members of `result`, when it is an object.
    public let result: JSONFields?
    /// Members of `error`.
    public let error: JSONFields?

    /// Takes one message apart.
    ///
    /// - Throws: ``EnvelopeFault`` for text that is not one well-formed JSON-RPC 2.0 message.
    public static func scan(
        _ text: UnsafeRawBufferPointer, limits: JSONLimits = .standard
    ) throws(EnvelopeFault) -> Envelope {
        let parts: Parts
        do throws(JSONFault) {
            var scanner = JSONScanner(text, limits: limits)
            try scanner.beginText()
            if try scanner.peek() == UInt8(ascii: "[") {
                _ = try scanner.skipValue()
                try scanner.endText()
                parts = Parts(isBatch: true)
            } else {
                parts = try Parts(&scanner, text)
                try scanner.endText()
            }
        } catch {
            throw .json(error)
        }
        return try parts.envelope(text)
    }
}

/// What is wrong with a text that should be one message.
public enum EnvelopeFault: Error, Sendable, Equatable {
    /// Not acceptable JSON.
    case json(JSONFault)
    /// An array: JSON-RPC batches exist in revision 2025-03-26 only.
    case batch
    /// JSON, but not a JSON-RPC 2.0 message; the id is given when the message has a usable one.
    case invalid(String, id: Range<Int>?)

    /// The JSON-RPC error code that answers such a message.
    public var code: Int {
        if case .json = self { RPCCode.parseError } else { RPCCode.invalidRequest }
    }

    public var message: String {
        switch self {
        case .json(let fault): "The message is not valid JSON: \(fault)."
        case .batch: "Batches of messages are not supported here; send one message at a time."
        case .invalid(let what, _): what
        }
    }
}
