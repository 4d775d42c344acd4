import GateCore
import Logging
import NIOCore
import NIOHTTP1

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the connections of one event loop share: their list, the coarse clock, the timer sweep and the `Date` header.
/// Confined to its event loop, except for the constants.
final class HTTPLoopContext: @unchecked Sendable {
    let eventLoop: any EventLoop
    let executor: EventLoopTaskExecutor
    let limits: HTTPLimits
    let times: HTTPTimes
    let allowsHalfClosure: Bool
    let limiter: ConnectionLimiter
    let budget: MemoryBudget
    let responder: any HTTPResponder
    let logger: Logger
    private let sweepInterval: TimeAmount?

    /// The time at or after now, at most one interval ahead, so that a timer that starts here never ends early.
    private(set) var stamp = NIODeadline.now()
    private(set) var date = ""
    private(set) var isStopping = false
    /// Answers close their connections.
    var isDraining = false
    /// Reused for response heads. The socket has taken the bytes when the next one is written, so it is rarely copied.
    var scratch = ByteBuffer()
    private var connections: [ObjectIdentifier: any HTTPServedConnection] = [:]
    private var sweeper: RepeatedTask?
    private var stopped: EventLoopPromise<Void>?

    init(
        executor: EventLoopTaskExecutor, configuration: HTTPServerConfiguration, limiter: ConnectionLimiter,
        budget: MemoryBudget, responder: any HTTPResponder, logger: Logger
    ) {
        self.eventLoop = executor.eventLoop
        self.executor = executor
        self.limits = configuration.limits
        self.times = HTTPTimes(configuration.limits)
        self.allowsHalfClosure = configuration.allowsHalfClosure
        self.limiter = limiter
        self.budget = budget
        self.responder = responder
        self.logger = logger
        self.sweepInterval = configuration.sweepInterval.map { TimeAmount($0) }
        self.date = Self.currentDate()
    }

    func add(_ connection: any HTTPServedConnection) {
        connections[ObjectIdentifier(connection)] = connection
        armSweeper()
    }

    func remove(_ connection: any HTTPServedConnection) {
        connections[ObjectIdentifier(connection)] = nil
        if connections.isEmpty { stopped?.succeed() }
    }

    /// Has a request answered.
    func handle(_ request: HTTPRequest, _ exchange: HTTPExchange) {
        let responder = responder
        // The body is held for as long as the handler works, whether its client is still there or not.
        let budget = budget
        let held = request.body.readableBytes
        budget.charge(held)
        // The handler starts here and now, on the event loop; only what it waits for goes through the executor.
        if #available(macOS 26, *) {
            Task.immediate(executorPreference: executor) {
                await responder.respond(to: request, on: exchange)
                budget.release(held)
                exchange.handlerReturned()
            }
        } else {
            Task(executorPreference: executor) {
                await responder.respond(to: request, on: exchange)
                budget.release(held)
                exchange.handlerReturned()
            }
        }
    }

    /// A whole response that refuses a connection before there is a request; empty when it cannot be written.
    func refusal(_ status: HTTPResponseStatus, reason: String, more: [(String, String)] = []) -> ByteBuffer {
        let response = responder.errorResponse(status, reason: reason)
        var headers = response.headers
        for (name, value) in more { headers.replaceOrAdd(name: name, value: value) }
        var buffer = ByteBuffer()
        let isEncoded = ResponseHeadEncoder.write(
            status: status, headers: headers, framing: .length(response.body.readableBytes), connection: "close",
            date: date, into: &buffer)
        guard isEncoded else { return ByteBuffer() }
        buffer.writeImmutableBuffer(response.body)
        return buffer
    }

    /// Checks the timers of all connections.
    func sweep(now: NIODeadline) {
        stamp = now
        date = Self.currentDate()
        for connection in connections.values { connection.checkTimers(now: now) }
    }

    /// Ends what is idle, asks what is not to finish and cuts the rest after `grace`.
    func stop(grace: TimeAmount, promise: EventLoopPromise<Void>) {
        isStopping = true
        isDraining = true
        stopped = promise
        for connection in connections.values { connection.stopGracefully() }
        guard !connections.isEmpty else {
            promise.succeed()
            return
        }
        let deadline = eventLoop.scheduleTask(in: grace) { [self] in
            for connection in connections.values { connection.abort(.serverStopped) }
        }
        promise.futureResult.whenComplete { [self] _ in
            deadline.cancel()
            sweeper?.cancel()
        }
    }

    private func armSweeper() {
        guard sweeper == nil, let sweepInterval else { return }
        // While there are no connections nothing moves the clock.
        stamp = .now() + sweepInterval
        date = Self.currentDate()
        sweeper = eventLoop.scheduleRepeatedTask(initialDelay: sweepInterval, delay: sweepInterval) {
            [weak self] task in
            guard let self, !connections.isEmpty else {
                task.cancel()
                self?.sweeper = nil
                return
            }
            let now = NIODeadline.now()
            sweep(now: now)
            stamp = now + sweepInterval
        }
    }

    private static func currentDate() -> String { HTTPDate.format(secondsSinceEpoch: max(0, time(nil))) }
}
