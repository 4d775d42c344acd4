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
    /// What waits until the session is open.
    var held: [BridgeExchange] = []

    /// Whether messages must wait.
    var isHolding: Bool { state == .opening || state == .confirming || state == .reopening }

    mutating func begin(with message: BridgeMessage) {
        state = .opening
        id = nil
        version = nil
        opening = message
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
