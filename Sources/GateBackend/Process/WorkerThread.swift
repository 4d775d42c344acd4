import CSpawn

/// Threads that never end, with all signals blocked.
enum WorkerThread {
    private final class Body {
        let run: @Sendable () -> Never
        init(_ run: @escaping @Sendable () -> Never) { self.run = run }
    }

    /// Returns 0 or an errno. `name`: at most 15 bytes.
    static func start(_ name: StaticString, _ run: @escaping @Sendable () -> Never) -> Int32 {
        let body = Unmanaged.passRetained(Body(run))
        // The name must outlive this call, which a StaticString does.
        let text = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        let error = csp_thread_start(
            text,
            { context in
                guard let context else { return }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
            }, body.toOpaque())
        if error != 0 { body.release() }
        return error
    }
}
