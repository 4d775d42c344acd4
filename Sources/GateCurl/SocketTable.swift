/// What is watched for each socket, with as few system calls as possible.
///
/// libcurl stops watching a connection when a response is complete and watches it again for the next request. Sockets
/// that this layer opened itself stay registered in between (`isOwned`): their closing is seen, so a new socket with
/// the same number is never taken for a registered one.
struct SocketTable {
    private struct Entry {
        var registered: PollerInterest = []
        var wanted: PollerInterest = []
        var isOwned = false
    }

    private var entries: [Entry] = []

    mutating func opened(_ descriptor: Int32) {
        let index = slot(descriptor)
        entries[index] = Entry(isOwned: true)
    }

    mutating func closed(_ descriptor: Int32) {
        let index = slot(descriptor)
        entries[index] = Entry()
    }

    /// What to change in the poller when libcurl wants `interest`, nil for nothing.
    mutating func want(_ interest: PollerInterest, _ descriptor: Int32) -> (from: PollerInterest, to: PollerInterest)? {
        let index = slot(descriptor)
        let old = entries[index].registered
        entries[index].wanted = interest
        if interest == old || (interest.isEmpty && entries[index].isOwned) { return nil }
        entries[index].registered = interest
        return (old, interest)
    }

    /// Whether an event is for libcurl. An event that nobody wants any more must be switched off, or it comes back.
    mutating func ready(_ descriptor: Int32) -> (isWanted: Bool, change: (from: PollerInterest, to: PollerInterest)?) {
        let index = slot(descriptor)
        guard entries[index].wanted.isEmpty else { return (true, nil) }
        let old = entries[index].registered
        entries[index].registered = []
        return (false, old.isEmpty ? nil : (old, []))
    }

    private mutating func slot(_ descriptor: Int32) -> Int {
        let index = Int(max(descriptor, 0))
        if index >= entries.count {
            entries.append(contentsOf: repeatElement(Entry(), count: index + 32 - entries.count))
        }
        return index
    }
}
