import Synchronization

/// An HTTP client with one thread and one connection cache of its own. Connections are never shared between agents:
/// use one agent for each identity towards a peer.
package final class CurlAgent: Sendable {
    private let queue: AgentQueue
    private let thread: AgentThread

    /// Starts the thread.
    ///
    /// - Throws: `resource` when libcurl is too old or the system has no descriptor, memory or thread left.
    package init(options: CurlAgentOptions = CurlAgentOptions()) throws(CurlError) {
        try CurlLibrary.prepare()
        let waker = try Waker()
        queue = AgentQueue(waker: waker)
        thread = try AgentThread(
            name: options.name, loop: AgentLoop(queue: queue, waker: waker, options: options))
    }

    deinit {
        queue.submit(.stop)
    }

    /// Starts a transfer and returns at once; everything else, errors included, comes through the sink.
    @discardableResult
    package func start(_ request: CurlRequest, sink: any CurlSink) -> CurlTransfer {
        let transfer = makeTransfer()
        start(request, sink: sink, as: transfer)
        return transfer
    }

    func makeTransfer() -> CurlTransfer { CurlTransfer(id: queue.makeID(), queue: queue) }

    func start(_ request: CurlRequest, sink: any CurlSink, as transfer: CurlTransfer) {
        if !queue.submit(.start(transfer.id, request, sink)) { sink.finished(AgentLoop.shutDown) }
    }

    /// Fails what is outstanding with `shutDown`, closes all connections and waits until the thread has ended. Later
    /// requests fail with `shutDown`. May be called more than once.
    package func shutdown() async {
        queue.submit(.stop)
        await thread.ended()
    }
}
