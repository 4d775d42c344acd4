#if !os(Linux)
    import Darwin

    /// Wakes a thread that waits in its `Poller`. Lives as long as anyone may call it.
    final class Waker: Sendable {
        fileprivate let readEnd: Int32
        private let writeEnd: Int32

        init() throws(CurlError) {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw CurlError(.resource, "No pipe descriptor is left.", sent: false) }
            for end in ends {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
            }
            readEnd = ends[0]
            writeEnd = ends[1]
        }

        deinit {
            close(readEnd)
            close(writeEnd)
        }

        func wake() {
            var one: UInt8 = 1
            _ = write(writeEnd, &one, 1)
        }
    }

    /// Waits for many sockets (poll). One thread only.
    final class Poller {
        private let waker: Waker
        private var watched: [pollfd]

        init(waker: Waker) throws(CurlError) {
            self.waker = waker
            watched = [pollfd(fd: waker.readEnd, events: Int16(POLLIN), revents: 0)]
        }

        func set(_ descriptor: Int32, from old: PollerInterest, to new: PollerInterest) -> Bool {
            watched.removeAll { $0.fd == descriptor }
            guard !new.isEmpty else { return true }
            var mask: Int16 = 0
            if new.contains(.read) { mask |= Int16(POLLIN) }
            if new.contains(.write) { mask |= Int16(POLLOUT) }
            watched.append(pollfd(fd: descriptor, events: mask, revents: 0))
            return true
        }

        /// A descriptor that was closed is no longer watched; epoll does this by itself.
        func forget(_ descriptor: Int32) { watched.removeAll { $0.fd == descriptor } }

        /// Sleeps up to `milliseconds` (-1: without limit) and hands over what is ready.
        func wait(milliseconds: Int32, awake: () -> Void, ready: (Int32, PollerInterest) -> Void) {
            let count = poll(&watched, nfds_t(watched.count), milliseconds)
            awake()
            guard count > 0 else { return }
            for entry in watched where entry.revents != 0 {
                guard entry.fd != waker.readEnd else {
                    var bytes = [UInt8](repeating: 0, count: 64)
                    while read(waker.readEnd, &bytes, bytes.count) > 0 {}
                    continue
                }
                var interest: PollerInterest = []
                if entry.revents & Int16(POLLIN) != 0 { interest.insert(.read) }
                if entry.revents & Int16(POLLOUT) != 0 { interest.insert(.write) }
                if entry.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { interest.insert(.failed) }
                ready(entry.fd, interest)
            }
        }
    }
#endif
