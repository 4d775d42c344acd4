import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What runs on the agent's thread: the only code that touches libcurl.
final class AgentLoop {
    let queue: AgentQueue
    private let options: CurlAgentOptions
    private let sockets: SocketHost
    private let multi: UnsafeMutableRawPointer

    private var running: [UInt64: EasyHandle] = [:]
    private var idle: [EasyHandle] = []
    /// When libcurl wants to be called without a socket event, in monotonic nanoseconds.
    private var deadline: UInt64?
    private var isStopping = false
    private var allowance: ConnectionAllowance

    /// More idle easy handles than this are freed; each keeps a few KiB.
    private static let idleLimit = 256

    init(queue: AgentQueue, waker: Waker, options: CurlAgentOptions) throws(CurlError) {
        sockets = SocketHost(poller: try Poller(waker: waker))
        guard let multi = curl_multi_init() else { throw CurlError(.resource, "Out of memory.", sent: false) }
        self.multi = multi
        self.queue = queue
        self.options = options
        allowance = ConnectionAllowance(idle: options.maxIdleConnections)
        guard prepare() else { throw CurlError(.resource, "libcurl refused its settings.", sent: false) }
    }

    deinit {
        // Handles first: they are out of the multi handle by now. The multi handle then closes the cached connections.
        idle = []
        curl_multi_cleanup(multi)
    }

    /// Runs until a stop command.
    func run() {
        var commands: [AgentQueue.Command] = []
        while !isStopping {
            queue.take(into: &commands)
            let hadCommands = !commands.isEmpty
            for command in commands { carryOut(command) }
            commands.removeAll(keepingCapacity: true)
            runTimer()
            // What was done may have led to new commands; sleep only after a look at an empty queue.
            if hadCommands || isStopping { continue }
            sockets.wait(milliseconds: timeToDeadline(), awake: queue.awake) { descriptor, ready in
                var mask: Int32 = 0
                if ready.contains(.read) { mask |= CURL_CSELECT_IN }
                if ready.contains(.write) { mask |= CURL_CSELECT_OUT }
                if ready.contains(.failed) { mask |= CURL_CSELECT_ERR }
                act(descriptor, mask)
            }
            collect()
        }
        stop()
    }

    private func prepare() -> Bool {
        let pointer = Unmanaged.passUnretained(self).toOpaque()
        let codes = [
            ccurl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, pointer),
            ccurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, pointer),
            ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, allowance.limit),
            ccurl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, max(0, options.maxConnectionsPerHost)),
            ccurl_multi_set_socket_function(multi) { _, descriptor, what, pointer, _ in
                guard let pointer else { return -1 }
                let loop = Unmanaged<AgentLoop>.fromOpaque(pointer).takeUnretainedValue()
                return loop.sockets.want(PollerInterest(curl: what), descriptor) ? 0 : -1
            },
            ccurl_multi_set_timer_function(multi) { _, milliseconds, pointer in
                guard let pointer else { return -1 }
                Unmanaged<AgentLoop>.fromOpaque(pointer).takeUnretainedValue().setTimer(milliseconds)
                return 0
            },
        ]
        return codes.allSatisfy { $0 == CURLM_OK }
    }

    // MARK: Commands

    private func carryOut(_ command: AgentQueue.Command) {
        switch command {
        case .start(let id, let request, let sink): start(id, request, sink)
        case .cancel(let id):
            guard let handle = running.removeValue(forKey: id) else { return }
            curl_multi_remove_handle(multi, handle.curl)
            handle.abort(.cancelled, "The call was cancelled.")
        case .resume(let id):
            guard let handle = running[id] else { return }
            resume(handle)
        case .stop: isStopping = true
        }
    }

    private func start(_ id: UInt64, _ request: CurlRequest, _ sink: any CurlSink) {
        guard !isStopping else { return sink.finished(Self.shutDown) }
        do throws(CurlError) {
            try request.checkFields()
            guard let handle = idle.popLast() ?? EasyHandle(options: options, sockets: sockets) else {
                throw CurlError(.resource, "Out of memory.", sent: false)
            }
            do throws(CurlError) {
                try handle.configure(
                    Exchange(id: id, request: request, sink: sink, limits: options.headerLimits))
            } catch {
                recycle(handle)
                throw error
            }
            running[id] = handle
            adjustAllowance()
            let code = curl_multi_add_handle(multi, handle.curl)
            guard code == CURLM_OK else {
                running[id] = nil
                handle.abort(.resource, String(cString: curl_multi_strerror(code)))
                return
            }
        } catch {
            sink.finished(error)
        }
    }

    private func resume(_ handle: EasyHandle) {
        handle.exchange?.isHeld = false
        guard handle.exchange?.isStalled == true else { return }
        handle.exchange?.isStalled = false
        let code = curl_easy_pause(handle.curl, CURLPAUSE_CONT)
        if code != CURLE_OK { finish(handle, code) }
    }

    // MARK: libcurl

    private func act(_ descriptor: Int32, _ mask: Int32) {
        var count: Int32 = 0
        curl_multi_socket_action(multi, descriptor, mask, &count)
    }

    private func runTimer() {
        guard let due = deadline, due <= Self.now() else { return }
        deadline = nil
        act(ccurl_socket_timeout, 0)
        collect()
    }

    /// Ends the transfers that libcurl is done with.
    private func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let code = message.pointee.data.result
            var pointer: UnsafeMutableRawPointer?
            guard ccurl_get_private(easy, &pointer) == CURLE_OK, let handle = EasyHandle.of(pointer) else { continue }
            finish(handle, code)
        }
    }

    private func finish(_ handle: EasyHandle, _ code: CURLcode) {
        guard let id = handle.exchange?.id, running.removeValue(forKey: id) != nil else { return }
        curl_multi_remove_handle(multi, handle.curl)
        adjustAllowance()
        handle.end(code)
        // A failed transfer leaves marks in its easy handle (for one, "rewind before the next request"): use a new one.
        if code == CURLE_OK { recycle(handle) }
    }

    private func adjustAllowance() {
        guard let limit = allowance.changed(active: running.count, now: Self.now()) else { return }
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limit)
    }

    private func recycle(_ handle: EasyHandle) {
        if idle.count < Self.idleLimit { idle.append(handle) }
    }

    private func stop() {
        for handle in running.values {
            curl_multi_remove_handle(multi, handle.curl)
            handle.abort(.shutDown, Self.shutDown.message)
        }
        running = [:]
        for case .start(_, _, let sink) in queue.close() { sink.finished(Self.shutDown) }
    }

    static let shutDown = CurlError(.shutDown, "The HTTP agent is shut down.", sent: false)

    // MARK: Time

    private func setTimer(_ milliseconds: Int) {
        deadline = milliseconds < 0 ? nil : Self.now() + UInt64(milliseconds) * 1_000_000
    }

    private func timeToDeadline() -> Int32 {
        guard let deadline else { return -1 }
        let now = Self.now()
        return deadline <= now ? 0 : Int32(clamping: (deadline - now + 999_999) / 1_000_000)
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

extension PollerInterest {
    fileprivate init(curl what: Int32) {
        switch what {
        case CURL_POLL_IN: self = .read
        case CURL_POLL_OUT: self = .write
        case CURL_POLL_INOUT: self = [.read, .write]
        default: self = []
        }
    }
}
