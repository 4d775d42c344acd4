import Dispatch
import GateCurl

/// Writes down what a sink is told, as a stream of events.
final class RecordingSink: CurlSink {
    enum Event: Sendable {
        case head(CurlResponseHead)
        case body([UInt8])
        case finished(CurlError?)
    }

    let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation
    private let pauses: Bool

    /// - Parameter pauses: ask for a pause after every piece of the body.
    init(pauses: Bool = false) {
        (events, continuation) = AsyncStream.makeStream()
        self.pauses = pauses
    }

    func head(_ head: CurlResponseHead) { continuation.yield(.head(head)) }

    func body(_ bytes: UnsafeRawBufferPointer) -> CurlFlow {
        continuation.yield(.body(Array(bytes)))
        return pauses ? .pause : .proceed
    }

    func finished(_ error: CurlError?) {
        continuation.yield(.finished(error))
        continuation.finish()
    }
}

/// An event that one side fires and the other waits for, as a task or as a thread.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let semaphore = DispatchSemaphore(value: 0)

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func fire() {
        continuation.yield(())
        semaphore.signal()
    }

    func wait() async { for await _ in stream { return } }

    func waitBlocking() { semaphore.wait() }
}

func failure(_ work: () async throws(CurlError) -> CurlResponse) async -> CurlError? {
    do throws(CurlError) {
        _ = try await work()
        return nil
    } catch {
        return error
    }
}
