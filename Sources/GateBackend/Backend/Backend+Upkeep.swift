import GateCore
import GateProtocol
import Logging
import NIOCore
import Synchronization

/// What happens beside the calls: listing again, looking after its health.
extension Backend {
    /// Lists the tools again; changes that come meanwhile lead to one more listing, not to one each.
    func listAgain() async {
        let connection = state.withLock { state -> BackendConnection? in
            guard let live = state.live, live.greeting.hasTools else { return nil }
            if state.isListing {
                state.listsAgain = true
                return nil
            }
            state.isListing = true
            return live.connection
        }
        guard let connection else { return }
        while true {
            do throws(GateError) {
                let tools = try await ToolListing.fetch(
                    connection, maxTools: settings.maxTools, deadline: .now.advanced(by: settings.listTimeout))
                if let greeting = state.withLock({ $0.live?.connection === connection ? $0.live?.greeting : nil }) {
                    context.observer.backend(name, listed: tools, greeting: greeting)
                }
            } catch {
                logger.warning("the tools could not be listed again, the known ones stay: \(error.message)")
            }
            let goesOn = state.withLock { state in
                defer { state.listsAgain = false }
                state.isListing = state.listsAgain
                return state.listsAgain
            }
            if !goesOn { return }
        }
    }
}
