/// What the server knows about one client: on stdio the only one, on HTTP one for each session id or modern request.
final class Session {
    let id: String
    /// nil until the first message has decided it.
    var modern: Bool?
    var version = ""
    var capabilities: JSON = [:]
    var isReady = false
    /// Resources that it has subscribed to.
    var followed: Set<String> = []
    /// Where notices go that belong to no request.
    var stream: ((JSON) -> Void)?
    private var lastRequest = -1
    private var pending: [Int: (JSON) -> Void] = [:]

    init(id: String) { self.id = id }

    /// Sends a request to the client; ids start at 0, as real SDKs do, so they collide with the client's.
    @discardableResult
    func ask(
        _ method: String, _ params: JSON, over send: (JSON) -> Void, answer: @escaping (JSON) -> Void
    ) -> Int {
        lastRequest += 1
        pending[lastRequest] = answer
        send(["jsonrpc": "2.0", "id": JSON(lastRequest), "method": .string(method), "params": params])
        return lastRequest
    }

    func answered(_ message: JSON) {
        guard let id = message["id"]?.int else { return }
        pending.removeValue(forKey: id)?(message)
    }
}
