/// What is known about one transfer, and the decisions drawn from it. No libcurl in here.
struct Exchange {
    /// What libcurl reported at the end, in words of this layer.
    struct Outcome {
        var kind: CurlError.Kind
        var text: String
    }

    let id: UInt64
    let request: CurlRequest
    let sink: any CurlSink
    var parser: ResponseHeadParser

    /// Body bytes of the request handed to libcurl so far.
    var uploaded = 0
    private var received = 0
    /// The sink wants no more for now.
    var isHeld = false
    /// libcurl holds bytes back.
    var isStalled = false

    private var dispatched = false
    private var dialled = false
    /// libcurl tried to send the request again, and was stopped.
    private var wasToRepeat = false
    private var refusal: CurlError?

    init(id: UInt64, request: CurlRequest, sink: any CurlSink, limits: CurlHeaderLimits) {
        self.id = id
        self.request = request
        self.sink = sink
        self.parser = ResponseHeadParser(limits: limits)
    }

    /// May a new connection to `address` be opened?
    mutating func dial(_ address: CurlPeerAddress?) -> Bool {
        // libcurl opens a second connection to repeat a request that got no answer on a reused one.
        guard !dispatched else {
            wasToRepeat = true
            return false
        }
        if let allowed = request.allowedAddress, address.map(allowed) != true {
            if !dialled { refusal = Self.refused(address) }
            return false
        }
        dialled = true
        refusal = nil
        return true
    }

    /// May the request be written now, to a connection to `address` (nil when it has none to judge)?
    mutating func dispatch(to address: CurlPeerAddress?) -> Bool {
        guard !dispatched else {
            wasToRepeat = true
            return false
        }
        // A reused connection may have been opened for a request with another policy.
        if request.unixSocketPath == nil, let allowed = request.allowedAddress, address.map(allowed) != true {
            refusal = Self.refused(address)
            return false
        }
        dispatched = true
        return true
    }

    /// Takes a header line; the action to carry out.
    mutating func header(_ line: UnsafeRawBufferPointer) -> ResponseHeadParser.Action {
        let action = parser.line(line)
        if case .fail(let kind, let text) = action { refusal = CurlError(kind, text, sent: true) }
        return action
    }

    /// False when a body of this announced size is refused.
    mutating func announce(_ size: Int?) -> Bool {
        guard let size, size > request.maxResponseBytes, request.method != "HEAD" else { return true }
        refuseSize()
        return false
    }

    /// False when these bytes are too many.
    mutating func receive(_ count: Int) -> Bool {
        let (sum, overflow) = received.addingReportingOverflow(count)
        guard !overflow, sum <= request.maxResponseBytes else {
            refuseSize()
            return false
        }
        received = sum
        return true
    }

    /// The error that the sink gets, nil for success. `outcome` is nil when libcurl reports success.
    func result(_ outcome: Outcome?) -> CurlError? {
        if var refusal {
            refusal.sent = dispatched
            return refusal
        }
        guard let outcome else {
            return parser.isComplete ? nil : CurlError(.closed, "The peer sent no response.", sent: dispatched)
        }
        if wasToRepeat {
            return CurlError(.closed, "The peer closed the connection without a response.", sent: true)
        }
        // libcurl calls an answer that is not HTTP an unsupported protocol.
        let kind = dispatched && outcome.kind == .invalidRequest ? .protocolError : outcome.kind
        return CurlError(kind, outcome.text, sent: dispatched)
    }

    /// An error that comes from this side (cancelled, shut down).
    func aborted(_ kind: CurlError.Kind, _ text: String) -> CurlError {
        CurlError(kind, text, sent: dispatched)
    }

    private mutating func refuseSize() {
        refusal = CurlError(
            .tooLarge, "The response is larger than the allowed \(request.maxResponseBytes) bytes.", sent: true)
    }

    private static func refused(_ address: CurlPeerAddress?) -> CurlError {
        let name = address?.description ?? "unknown"
        return CurlError(.refusedAddress, "The address \(name) is not allowed for this request.", sent: false)
    }
}
