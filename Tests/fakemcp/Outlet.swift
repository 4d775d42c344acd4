#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Bytes on their way out of one descriptor; what the reader does not take yet waits here, so that reading goes on.
final class Outlet {
    let descriptor: Int32
    private let loop: EventLoop
    private var pending: ArraySlice<UInt8> = []
    private var afterFlush: (() -> Void)?
    private(set) var failed = false

    private let piece: Int

    /// - Parameter piece: bytes written at once. A writable pipe takes PIPE_BUF bytes without blocking, whatever its
    ///   flags are; a descriptor that never blocks may be given more.
    init(descriptor: Int32, loop: EventLoop, piece: Int = 4096) {
        self.descriptor = descriptor
        self.piece = piece
        self.loop = loop
    }

    func send(_ bytes: [UInt8]) {
        guard !failed else { return }
        pending.append(contentsOf: bytes)
        flush()
    }

    /// Runs `action` when all that was sent is in the reader's hands.
    func whenFlushed(_ action: @escaping () -> Void) {
        if pending.isEmpty { action() } else { afterFlush = action }
    }

    /// Stops writing; the descriptor itself is the owner's to close.
    func stop() {
        failed = true
        pending = []
        loop.onWritable(descriptor, nil)
    }

    private func flush() {
        while !pending.isEmpty {
            var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&state, 1, 0) > 0 else {
                loop.onWritable(descriptor) { [unowned self] in flush() }
                return
            }
            guard let count = System.write(descriptor, pending.prefix(piece)) else {
                if errno == EAGAIN { continue }
                stop()
                break
            }
            pending = pending.dropFirst(count)
        }
        loop.onWritable(descriptor, nil)
        pending = []
        let action = afterFlush
        afterFlush = nil
        action?()
    }
}
