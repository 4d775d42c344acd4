/// What a sandboxed child may reach besides the system's own programs and libraries.
package struct SandboxPolicy: Sendable, Equatable {
    /// Absolute paths; what lies beneath them counts.
    package var read: [String]
    package var write: [String]
    /// TCP ports, of any host.
    package var connect: [UInt16]
    /// Without the kernel's full support nothing is started.
    package var isRequired: Bool
    /// The gateway's own directory. Absolute. Never opened but for a fresh directory in it, the child's TMPDIR.
    package var dataDirectory: String

    package init(
        read: [String] = [], write: [String] = [], connect: [UInt16] = [], isRequired: Bool = false,
        dataDirectory: String
    ) {
        self.read = read
        self.write = write
        self.connect = connect
        self.isRequired = isRequired
        self.dataDirectory = dataDirectory
    }

    /// Read and executed. Not the whole of /etc: services keep their keys there. What is missing is passed over.
    static let systemPaths =
        ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/proc", "/sys/fs/cgroup", "/sys/devices/system/cpu"]
        + [
            "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "passwd", "group", "hosts", "host.conf", "resolv.conf",
            "gai.conf", "nsswitch.conf", "services", "protocols", "localtime", "timezone", "locale.alias", "os-release",
            "mime.types",
            "ssl/certs", "ssl/openssl.cnf", "ca-certificates", "pki/tls/certs", "pki/ca-trust", "pki/tls/openssl.cnf",
            "crypto-policies", "alternatives", "python3", "fonts",
        ].map { "/etc/\($0)" }

    static let devices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"]
}

/// What the running kernel can keep a child from.
package struct SandboxSupport: Sendable, Equatable {
    /// The version of Landlock; 0 for none.
    package var abi: Int32

    package init(abi: Int32) { self.abi = abi }

    /// Files and TCP, all that the profile promises.
    package var isFull: Bool { abi >= 4 }

    /// For operators: what a sandboxed child is held to here.
    package var description: String {
        switch abi {
        case ...0: "limits only: this system has no Landlock, files and network are open"
        case 1...3: "files; the network is open (Landlock \(abi), TCP needs 4: Linux 6.7)"
        case 4...5: "files, TCP (Landlock \(abi))"
        default: "files, TCP, signals (Landlock \(abi))"
        }
    }
}
