/// The legacy session behind the bridge.
struct BridgeSession: Sendable {
    enum State: Sendable, Equatable {
        case none
        /// `initialize` is under way.
        case opening
        /// It is answered; the client's `notifications/initialized` has not come yet.
        case negotiated
        /// That is under way.
        case confirming
        case open
        /// The gateway forgot the session; the bridge opens it again by itself.
        case reopening
    }

    var state = State.none
    /// As the gateway gave it; nil when it gave none.
    var id: String?
    /// What `initialize` settled on.
    var version: String?
    /// The client's own `initialize`, to be sent again when the gateway forgets the session.
    private(set) var opening: BridgeMessage?
    /// The client's last `logging/setLevel`, and what it follows, by the resource: asked for again when the session is lost.
    private(set) var level: BridgeMessage?
    private(set) var followed: [[UInt8]: BridgeMessage] = [:]
    /// Kinds of lists whose changes the gateway announces.
    var announced: [String] = ["tools"]
    /// What waits until the session is open.
    var held: [BridgeExchange] = []

    /// Whether messages must wait.
    var isHolding: Bool { state == .opening || state == .confirming || state == .reopening }

    mutating func begin(with message: BridgeMessage) {
        state = .opening
        id = nil
        version = nil
        opening = message
        level = nil
        followed = [:]
    }

    /// Remembers what a new session would have to be told.
    mutating func note(_ message: BridgeMessage) {
        switch message.method {
        case "logging/setLevel" where message.id != nil: level = message
        case "resources/subscribe" where message.id != nil:
            if let uri = message.uri { followed[Array(uri.utf8)] = message }
        case "resources/unsubscribe":
            if let uri = message.uri { followed[Array(uri.utf8)] = nil }
        default: break
        }
    }

    /// What the client has asked of its session beside calls.
    var wishes: [BridgeMessage] {
        (level.map { [$0] } ?? []) + followed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    mutating func fail() {
        state = .none
        id = nil
        version = nil
    }

    /// Forgets a held request; false when there is none with this id.
    mutating func withdraw(_ id: [UInt8]) -> Bool {
        guard let index = held.firstIndex(where: { $0.message?.comparableID == id }) else { return false }
        held.remove(at: index)
        return true
    }
}
