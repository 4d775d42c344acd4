import GateCore
import GateProtocol
import Logging
import NIOCore
import Synchronization

/// What happens beside the calls: listing again, looking after its health.
extension Backend {
    /// Reads these lists again. Those that become due meanwhile are read behind them, once and not once for each notice.
    func list(_ kinds: Set<ListKind>) async {
        let begins = state.withLock { state in
            state.dueLists.formUnion(kinds)
            guard !state.isListing, !kinds.isEmpty else { return false }
            state.isListing = true
            return true
        }
        if begins { await readDueLists() }
    }

    /// Lists the tools for a call that was refused because they have changed: they are new when this returns.
    func relist() async {
        let begins = await withCheckedContinuation { (waiter: CheckedContinuation<Bool, Never>) in
            let begins = state.withLock { state in
                state.dueLists.insert(.tools)
                if state.isListing { state.listWaiters.append(waiter) }
                defer { state.isListing = true }
                return !state.isListing
            }
            if begins { waiter.resume(returning: true) }
        }
        if begins { await readDueLists() }
    }

    private func readDueLists() async {
        while let (live, due) = nextLists() {
            var listing = BackendListing(greeting: live.greeting, lists: [:])
            for kind in ListKind.allCases where due.contains(kind) {
                listing.lists[kind] = await read(kind, of: live.connection)
            }
            guard !listing.lists.isEmpty, state.withLock({ $0.live?.connection === live.connection }) else { continue }
            tell(listing)
        }
    }

    /// Tells what was listed. From here on no tool is called that may not be, as it is listed now.
    func tell(_ listing: BackendListing) {
        if let standings = context.observer.backend(name, listed: listing) { doubtfulTools.replace(standings) }
    }

    /// Why a call must not be sent, by what the server lists now; nil when it may be.
    func refusal(_ operation: BackendOperation) -> GateError? {
        guard let (tool, digest) = doubtfulTools.doubts(operation) else { return nil }
        return context.observer.backend(name, holds: tool, as: digest)?.refusal(server: name, tool: tool)
    }

    /// - Returns: nil when there is nothing to read; the next one who wants something begins anew then.
    private func nextLists() -> (LiveConnection, Set<ListKind>)? {
        state.withLock { state in
            let due = state.live.map { state.dueLists.intersection($0.greeting.offers.lists) } ?? []
            state.dueLists = []
            guard let live = state.live, !due.isEmpty else {
                state.isListing = false
                for waiter in state.listWaiters { waiter.resume(returning: false) }
                state.listWaiters = []
                return nil
            }
            return (live, due)
        }
    }

    /// - Returns: nil when it could not be read.
    private func read(_ kind: ListKind, of connection: BackendConnection) async -> ListedItems? {
        do throws(GateError) {
            return try await ListFetch(
                connection: connection, kind: kind, maxItems: settings.maxItems,
                deadline: .now.advanced(by: settings.listTimeout)
            ).items()
        } catch {
            logger.warning("`\(kind.method)` could not be read, what is known of it stays: \(error.message)")
            return nil
        }
    }
}
