import Synchronization

extension CurlAgent {
    /// Sends a request and collects the response. Any status is a success here.
    ///
    /// When the task is cancelled the transfer ends with `cancelled` and its connection is closed.
    package func send(_ request: CurlRequest) async throws(CurlError) -> CurlResponse {
        let transfer = makeTransfer()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                start(request, sink: ResponseCollector(continuation), as: transfer)
                // A cancellation before the start found nothing to cancel.
                if Task.isCancelled { transfer.cancel() }
            }
        } onCancel: {
            transfer.cancel()
        }
        return try result.get()
    }
}

/// Gathers one response and hands it to the waiting task.
private final class ResponseCollector: CurlSink {
    private struct State {
        var head: CurlResponseHead?
        var body: [UInt8] = []
    }

    private let state = Mutex(State())
    private let continuation: CheckedContinuation<Result<CurlResponse, CurlError>, Never>

    /// Room made in advance for an announced size; beyond it the buffer grows with what really comes.
    private static let largestReserve = 1 << 20

    init(_ continuation: CheckedContinuation<Result<CurlResponse, CurlError>, Never>) {
        self.continuation = continuation
    }

    func head(_ head: CurlResponseHead) {
        state.withLock { state in
            state.head = head
            if let size = head.contentLength { state.body.reserveCapacity(min(size, Self.largestReserve)) }
        }
    }

    func body(_ bytes: UnsafeRawBufferPointer) -> CurlFlow {
        state.withLock { $0.body.append(contentsOf: bytes) }
        return .proceed
    }

    func finished(_ error: CurlError?) {
        let (head, body) = state.withLock { ($0.head, $0.body) }
        if let error {
            continuation.resume(returning: .failure(error))
        } else if let head {
            continuation.resume(returning: .success(CurlResponse(head: head, body: body)))
        } else {
            continuation.resume(returning: .failure(CurlError(.closed, "The peer sent no response.", sent: true)))
        }
    }
}
