#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One thread, `poll`, and timers: everything the program does happens in the order of its input.
final class EventLoop {
    private var readable: [Int32: () -> Void] = [:]
    private var writable: [Int32: () -> Void] = [:]
    private var timers: [Int: (due: Int, action: () -> Void)] = [:]
    private var lastTimer = 0

    func onReadable(_ descriptor: Int32, _ action: (() -> Void)?) { readable[descriptor] = action }
    func onWritable(_ descriptor: Int32, _ action: (() -> Void)?) { writable[descriptor] = action }

    @discardableResult
    func after(milliseconds: Int, _ action: @escaping () -> Void) -> Int {
        lastTimer += 1
        timers[lastTimer] = (System.now() + max(0, milliseconds), action)
        return lastTimer
    }

    func cancel(timer: Int) { timers[timer] = nil }

    /// Runs until the process exits.
    func run() -> Never {
        while true {
            runDueTimers()
            var descriptors = Set(readable.keys).union(writable.keys).map { descriptor in
                let events = (readable[descriptor] == nil ? 0 : POLLIN) | (writable[descriptor] == nil ? 0 : POLLOUT)
                return pollfd(fd: descriptor, events: Int16(events), revents: 0)
            }
            let wait = timers.values.map(\.due).min().map { max(0, $0 - System.now()) } ?? -1
            guard poll(&descriptors, nfds_t(descriptors.count), Int32(clamping: wait)) > 0 else { continue }
            for ready in descriptors where ready.revents != 0 {
                let events = Int32(ready.revents)
                if events & Int32(POLLOUT | POLLERR | POLLHUP | POLLNVAL) != 0 { writable[ready.fd]?() }
                if events & Int32(POLLIN | POLLERR | POLLHUP | POLLNVAL) != 0 { readable[ready.fd]?() }
            }
        }
    }

    private func runDueTimers() {
        let now = System.now()
        for (number, timer) in timers.filter({ $0.value.due <= now }).sorted(by: {
            ($0.value.due, $0.key) < ($1.value.due, $1.key)
        }) {
            guard timers.removeValue(forKey: number) != nil else { continue }
            timer.action()
        }
    }
}
