// swift-tools-version: 6.2
import PackageDescription

/// One list of settings for every target, so that no target is checked less strictly than another.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "stonegate",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "GateProtocol", targets: ["GateProtocol"]),
        .library(name: "GateClient", targets: ["GateClient"]),
        .library(name: "GateServer", targets: ["GateServer"]),
        .executable(name: "stonegate", targets: ["stonegate"]),
        .executable(name: "gatecall", targets: ["gatecall"]),
    ],
    dependencies: [
        // Why each one is here, and what was decided against: docs/decisions/0001-dependencies.md
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // C, kept thin: Swift owns the memory and the decisions.
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(name: "CTLS", pkgConfig: "libssl", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .target(name: "CSpawn"),
        .target(name: "CDiscoveryTable", exclude: ["folding.bin", "table.bin", "vocab.txt"]),

        // Shared by both halves.
        .target(name: "GateProtocol", swiftSettings: strict),
        .target(name: "GateCurl", dependencies: ["CCurl"], swiftSettings: strict),

        // The gateway, in the order a call passes through it: GateServer -> GateBackend -> GateCurl or a child process.
        .target(
            name: "GateCore",
            dependencies: ["GateProtocol", .product(name: "Histogram", package: "hdrhistogram-swift")],
            swiftSettings: strict),
        .target(
            name: "GateStore",
            dependencies: ["GateProtocol", "GateCore", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict),
        .target(name: "GateCrypto", dependencies: ["CCrypto"], swiftSettings: strict),
        .target(name: "GateAudit", dependencies: ["GateProtocol", "GateCore", "GateCrypto"], swiftSettings: strict),
        .target(
            name: "GateAuth", dependencies: ["GateProtocol", "GateCore", "GateCurl", "CCrypto"], swiftSettings: strict),
        .target(name: "CLicenseKeys", exclude: ["trusted-keys.txt"]),
        .target(
            name: "GateLicense", dependencies: ["GateProtocol", "GateCore", "GateCrypto", "GateCurl", "CLicenseKeys"],
            swiftSettings: strict),
        .target(name: "GateDiscovery", dependencies: ["CDiscoveryTable"], swiftSettings: strict),
        .target(
            name: "GateConfig",
            dependencies: ["GateProtocol", "GateCore", .product(name: "TOMLKit", package: "TOMLKit")],
            swiftSettings: strict),
        .target(
            name: "GateBackend",
            dependencies: ["GateProtocol", "GateCore", "GateCurl", "CSpawn", nioCore, nioPosix, logging],
            swiftSettings: strict),
        .target(name: "GateTLS", dependencies: ["CTLS", "GateCrypto", nioCore], swiftSettings: strict),
        .target(
            name: "GateHTTP", dependencies: ["GateCore", "GateTLS", nioCore, nioPosix, nioHTTP1, nioHTTP2, logging],
            swiftSettings: strict),
        .target(
            name: "GateServer",
            dependencies: [
                "GateProtocol", "GateCore", "GateConfig", "GateDiscovery", "GateStore", "GateAudit", "GateAuth",
                "GateBackend", "GateTLS", "GateHTTP", "GateCurl", "GateCrypto", "GateLicense",
                "CCrypto",
                nioCore, nioPosix, nioHTTP1, logging,
            ],
            swiftSettings: strict),
        .target(
            name: "GateAuthority",
            dependencies: [
                "GateProtocol", "GateCore", "GateCrypto", "GateLicense", "GateStore", "GateTLS", "GateHTTP", nioCore,
                nioPosix, nioHTTP1, logging, .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(name: "GateDemo", dependencies: ["GateProtocol"], swiftSettings: strict),
        .executableTarget(
            name: "stonegate",
            dependencies: [
                "GateServer", "GateConfig", "GateAudit", "GateAuthority", "GateClient", "GateCore", "GateCrypto",
                "GateCurl", "GateDemo", "GateHTTP", "GateLicense", "GateTLS", "GateTerminal",
                arguments, logging,
            ],
            swiftSettings: strict),

        // What agents and scripts use.
        .target(name: "GateClient", dependencies: ["GateProtocol", "GateCurl", logging], swiftSettings: strict),
        .target(name: "GateTerminal", dependencies: ["GateProtocol"], swiftSettings: strict),
        .executableTarget(
            name: "gatecall", dependencies: ["GateClient", "GateTerminal", arguments], swiftSettings: strict),

        // Tests.
        .executableTarget(
            name: "fakemcp", dependencies: ["GateProtocol"], path: "Tests/fakemcp", swiftSettings: strict),
        .executableTarget(
            name: "spawnhelper", dependencies: ["GateBackend", "CSpawn"], path: "Tests/spawnhelper",
            swiftSettings: strict),
        .executableTarget(
            name: "chaos", dependencies: ["GateProtocol", "GateTestKit", "GateTerminal", arguments],
            path: "Tests/chaos",
            swiftSettings: strict),
        .target(
            name: "GateTestKit",
            dependencies: [
                "GateProtocol", "GateCore", "GateCrypto", "GateLicense", "CCrypto", "CTLS", nioCore,
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ],
            path: "Tests/GateTestKit",
            swiftSettings: strict),
        .target(
            name: "GateFuzz",
            dependencies: [
                "GateProtocol", "GateCore", "GateConfig", "GateStore", "GateAuth", "GateCurl", "GateBackend",
                "GateHTTP",
                "GateServer", nioCore,
            ],
            path: "Tests/GateFuzz", swiftSettings: strict),
        .testTarget(name: "FuzzTests", dependencies: ["GateFuzz"], swiftSettings: strict),
        .testTarget(name: "GateProtocolTests", dependencies: ["GateProtocol"], swiftSettings: strict),
        .testTarget(name: "GateCoreTests", dependencies: ["GateCore", "GateTestKit"], swiftSettings: strict),
        .testTarget(name: "GateCurlTests", dependencies: ["GateCurl", "GateTestKit"], swiftSettings: strict),
        .testTarget(
            name: "GateStoreTests", dependencies: ["GateStore", "GateCore", "GateTestKit"], swiftSettings: strict),
        .testTarget(
            name: "GateAuditTests",
            dependencies: ["GateAudit", "GateCore", "GateCrypto", "GateProtocol", "GateTestKit"],
            swiftSettings: strict),
        .testTarget(
            name: "GateAuthorityTests",
            dependencies: [
                "GateAuthority", "GateHTTP", "GateLicense", "GateCrypto", "GateStore", "GateCore", "GateProtocol",
                "GateTestKit",
                logging, .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "GateLicenseTests",
            dependencies: ["GateLicense", "GateCore", "GateCrypto", "GateProtocol", "GateTestKit"],
            swiftSettings: strict),
        .testTarget(
            name: "GateAuthTests", dependencies: ["GateAuth", "GateCore", "GateProtocol", "GateTestKit", "CCrypto"],
            swiftSettings: strict),
        .testTarget(name: "GateDiscoveryTests", dependencies: ["GateDiscovery"], swiftSettings: strict),
        .testTarget(name: "GateConfigTests", dependencies: ["GateConfig"], swiftSettings: strict),
        .testTarget(
            name: "GateBackendTests",
            dependencies: [
                "GateBackend", "GateTestKit", "CSpawn", "spawnhelper", "fakemcp", nioCore, nioPosix, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "GateTLSTests", dependencies: ["GateTLS", "CTLS", "GateTestKit", nioCore, nioPosix],
            swiftSettings: strict),
        .testTarget(
            name: "GateHTTPTests",
            dependencies: [
                "GateHTTP", "GateTLS", "GateCore", "GateTestKit", nioCore, nioHTTP1,
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "GateServerTests",
            dependencies: [
                "GateLicense", "GateCrypto", "GateServer", "GateAuth", "GateDiscovery", "GateStore", "GateTestKit",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "GateClientTests",
            dependencies: ["GateClient", "GateDemo", "GateTerminal", "GateTestKit", "stonegate", "gatecall"],
            swiftSettings: strict),
        .testTarget(
            name: "ClientServerTests",
            dependencies: [
                "GateProtocol", "GateCore", "GateCrypto", "GateClient", "GateLicense", "GateTestKit", "stonegate",
                "gatecall", "fakemcp",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ConformanceTests", dependencies: ["GateProtocol", "GateTestKit", "stonegate"],
            swiftSettings: strict),
        .testTarget(
            name: "FaultTests",
            dependencies: ["GateCore", "GateProtocol", "GateStore", "GateTestKit", "stonegate", "fakemcp", "chaos"],
            swiftSettings: strict),
    ]
)

/// Benchmarks see `package` API, so they are targets of this package, but nobody who only builds the products pays for
/// them.
if Context.environment["STONEGATE_BENCHMARKS"] != nil {
    package.targets.append(
        .executableTarget(
            name: "discoverybench", dependencies: ["GateDiscovery"], path: "Benchmarks/discoverybench",
            swiftSettings: strict))
}

/// The fuzzer is linked with libFuzzer, which brings its own `main`: only `make fuzz` builds it.
if Context.environment["STONEGATE_FUZZER"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: ["GateFuzz"], path: "Tests/fuzz", exclude: ["corpus"],
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
