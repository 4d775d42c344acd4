import CCurl
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The agent's thread, and who waits for its end.
final class AgentThread: Sendable {
    private enum State {
        case running([CheckedContinuation<Void, Never>])
        case ended
    }

    /// Outlives the `AgentThread`, because the thread does when nobody waits for it.
    private final class Completion: Sendable {
        let state = Mutex(State.running([]))

        func end() {
            let waiting = state.withLock { state in
                defer { state = .ended }
                if case .running(let waiting) = state { return waiting }
                return []
            }
            for continuation in waiting { continuation.resume() }
        }

        func wait(_ continuation: CheckedContinuation<Void, Never>) {
            let isEnded = state.withLock { state in
                guard case .running(let waiting) = state else { return true }
                state = .running(waiting + [continuation])
                return false
            }
            if isEnded { continuation.resume() }
        }
    }

    /// What the new thread takes over.
    private final class Start {
        let name: String
        let completion: Completion
        private var loop: AgentLoop?

        init(name: String, completion: Completion, loop: AgentLoop) {
            self.name = name
            self.completion = completion
            self.loop = loop
        }

        func run() {
            #if os(Linux)
                _ = pthread_setname_np(pthread_self(), name)
            #else
                _ = pthread_setname_np(name)
            #endif
            // Signals belong to the program's own threads; a write to a closed TLS connection must not end it.
            var all = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_BLOCK, &all, nil)
            loop?.run()
            // Connections are closed before anyone hears of the end.
            loop = nil
            completion.end()
        }
    }

    private let completion = Completion()

    init(name: String, loop: AgentLoop) throws(CurlError) {
        let start = Start(
            name: String(decoding: name.utf8.prefix(15), as: UTF8.self), completion: completion, loop: loop)
        let pointer = Unmanaged.passRetained(start).toOpaque()
        #if os(Linux)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        let code = pthread_create(&thread, nil, agentThreadMain, pointer)
        guard code == 0 else {
            Unmanaged<Start>.fromOpaque(pointer).release()
            throw CurlError(.resource, "No thread could be started.", sent: false)
        }
        #if os(Linux)
            pthread_detach(thread)
        #else
            if let thread { pthread_detach(thread) }
        #endif
    }

    /// Returns when the thread has let go of everything.
    func ended() async {
        await withCheckedContinuation { completion.wait($0) }
    }

    #if os(Linux)
        fileprivate static func main(_ pointer: UnsafeMutableRawPointer?) {
            if let pointer { Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue().run() }
        }
    #else
        fileprivate static func main(_ pointer: UnsafeMutableRawPointer) {
            Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue().run()
        }
    #endif
}

#if os(Linux)
    private func agentThreadMain(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        AgentThread.main(pointer)
        return nil
    }
#else
    private func agentThreadMain(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        AgentThread.main(pointer)
        return nil
    }
#endif
