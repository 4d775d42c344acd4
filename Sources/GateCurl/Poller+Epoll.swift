#if os(Linux)
    import CCurl

    #if canImport(Musl)
        import Musl
    #else
        import Glibc
    #endif

    /// Wakes a thread that waits in its `Poller`. Lives as long as anyone may call it.
    final class Waker: Sendable {
        fileprivate let descriptor: Int32

        init() throws(CurlError) {
            descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
            guard descriptor >= 0 else { throw CurlError(.resource, "No event descriptor is left.", sent: false) }
        }

        deinit { close(descriptor) }

        func wake() {
            var one: UInt64 = 1
            _ = write(descriptor, &one, 8)
        }
    }

    /// Waits for many sockets (epoll). One thread only.
    final class Poller {
        private let epoll: Int32
        private let waker: Waker
        private var events = [epoll_event](repeating: epoll_event(), count: 128)

        init(waker: Waker) throws(CurlError) {
            epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
            self.waker = waker
            guard epoll >= 0 else { throw CurlError(.resource, "No epoll descriptor is left.", sent: false) }
            // Edge-triggered, so that the counter never has to be read back.
            var event = epoll_event(events: EPOLLIN.rawValue | EPOLLET.rawValue, data: epoll_data(fd: waker.descriptor))
            guard epoll_ctl(epoll, EPOLL_CTL_ADD, waker.descriptor, &event) == 0 else {
                close(epoll)
                throw CurlError(.resource, "The event descriptor could not be watched.", sent: false)
            }
        }

        deinit { close(epoll) }

        /// False when the system refuses (out of memory or watches).
        func set(_ descriptor: Int32, from old: PollerInterest, to new: PollerInterest) -> Bool {
            var mask: UInt32 = 0
            if new.contains(.read) { mask |= EPOLLIN.rawValue }
            if new.contains(.write) { mask |= EPOLLOUT.rawValue }
            var event = epoll_event(events: mask, data: epoll_data(fd: descriptor))
            let operation = old.isEmpty ? EPOLL_CTL_ADD : new.isEmpty ? EPOLL_CTL_DEL : EPOLL_CTL_MOD
            return epoll_ctl(epoll, operation, descriptor, &event) == 0
        }

        /// A descriptor that was closed is no longer watched: the kernel has seen to it.
        func forget(_ descriptor: Int32) {}

        /// Sleeps up to `milliseconds` (-1: without limit) and hands over what is ready.
        func wait(milliseconds: Int32, awake: () -> Void, ready: (Int32, PollerInterest) -> Void) {
            let count = epoll_wait(epoll, &events, Int32(events.count), milliseconds)
            awake()
            guard count > 0 else { return }
            for event in events.prefix(Int(count)) where event.data.fd != waker.descriptor {
                var interest: PollerInterest = []
                if event.events & EPOLLIN.rawValue != 0 { interest.insert(.read) }
                if event.events & EPOLLOUT.rawValue != 0 { interest.insert(.write) }
                if event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { interest.insert(.failed) }
                ready(event.data.fd, interest)
            }
        }
    }
#endif
