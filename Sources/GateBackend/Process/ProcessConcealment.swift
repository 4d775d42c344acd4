import CSpawn

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Keeps the secrets in this process's memory and files from others of the same machine.
package enum ProcessConcealment {
    package static func begin() {
        umask(0o077)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        #if canImport(Glibc)
            setrlimit(__rlimit_resource_t(UInt32(RLIMIT_CORE.rawValue)), &none)
        #else
            setrlimit(RLIMIT_CORE, &none)
        #endif
        _ = csp_conceal_process()
    }
}
