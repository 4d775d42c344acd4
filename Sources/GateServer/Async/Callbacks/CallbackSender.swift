import GateBackend
import GateCore
import GateCurl
import GateStore
import Logging
import NIOCore

/// Tells those who do not poll that their calls have ended, until they take it or a day is over; over restarts too.
final class CallbackSender: Sendable {
    /// Makes one attempt.
    /// - Returns: the HTTP status; nil when there was no answer.
    typealias Post =
        @Sendable (_ url: String, _ headers: [(name: String, value: String)], _ body: [UInt8]) async -> Int?

    private struct Delivery: Sendable {
        let record: AsyncCallRecord
        let url: String
    }

    private let store: any CallStore
    private let key: KeyedHash
    private let loop: any EventLoop
    private let post: Post
    private let logger: Logger
    private let deliveries: AsyncStream<Delivery>
    private let deliver: AsyncStream<Delivery>.Continuation

    /// Ends that an earlier run did not tell; more than this wait for the run after.
    private static let mostUntold = 10_000

    init(store: any CallStore, key: KeyedHash, loop: any EventLoop, logger: Logger, post: @escaping Post) {
        self.store = store
        self.key = key
        self.loop = loop
        self.logger = logger
        self.post = post
        (deliveries, deliver) = AsyncStream.makeStream()
    }

    /// A call has ended, and its end is kept.
    func ended(_ record: AsyncCallRecord, _ url: String) { deliver.yield(Delivery(record: record, url: url)) }

    /// Delivers until ``stop()``; what is not delivered then is tried by the next run.
    func run() async {
        for id in (try? await store.untold(limit: CallbackSender.mostUntold)) ?? [] {
            guard let call = try? await store.find(id), let url = call.callback else { continue }
            ended(AsyncCallRecord(call), url)
        }
        await withDiscardingTaskGroup { group in
            for await delivery in deliveries { group.addTask { await self.send(delivery) } }
            group.cancelAll()
        }
    }

    func stop() { deliver.finish() }

    private func send(_ delivery: Delivery) async {
        let message = CallbackMessage(delivery.record)
        var schedule = CallbackSchedule()
        while !Task.isCancelled {
            let time = WallClock.milliseconds() / 1_000
            let status = await post(delivery.url, message.headers(time: time, key: key), message.body)
            if Task.isCancelled { return }
            if let status, 200..<300 ~= status { return await store.told(delivery.record.id) }
            // Gone (RFC 9110, 15.5.11): nobody wants to be told any more.
            guard status != 410, let pause = schedule.nextPause() else {
                logger.warning(
                    "the callback of a call was given up",
                    metadata: ["call_id": "\(message.id)", "status": "\(status ?? 0)"])
                return await store.told(delivery.record.id)
            }
            await rest(pause)
        }
    }

    private func rest(_ pause: Duration) async {
        let timer = loop.scheduleTask(in: TimeAmount(pause)) {}
        await withTaskCancellationHandler {
            _ = try? await timer.futureResult.get()
        } onCancel: {
            timer.cancel()
        }
    }
}

extension CallbackSender {
    /// Posts with a client of its own; redirects are not followed.
    static func poster() throws(CurlError) -> Post {
        var options = CurlAgentOptions()
        options.name = "callbacks"
        options.maxConnectionsPerHost = 8
        options.maxIdleConnections = 8
        let agent = try CurlAgent(options: options)
        return { url, headers, body in
            var request = CurlRequest(method: "POST", url: url, headers: headers, body: body)
            request.maxResponseBytes = 65_536
            // The operator has listed the host. A URL without TLS was taken because it leads to this machine.
            let isSecure = url.utf8.starts(with: "https:".utf8)
            let addresses = isSecure ? AddressPolicy(.configured) : AddressPolicy(.configured).keptLocal
            request.allowedAddress = { addresses.permits($0) }
            return try? await agent.send(request).status
        }
    }
}
