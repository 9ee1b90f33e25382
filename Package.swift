// swift-tools-version: 6.2
import PackageDescription

/// Every feature named here is checked in Sources/TrustlogCore/FeatureChecks.swift: SwiftPM ignores a misspelt name silently.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

func target(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: swiftSettings)
}

func systemLibrary(_ name: String, pkgConfig: String, package: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TrustlogTestKit"], resources: resources, swiftSettings: swiftSettings
    )
}

let package = Package(
    name: "trustlog",
    products: [
        .executable(name: "trustlog", targets: ["TrustlogCLI"])
    ],
    targets: [
        systemLibrary("CRdKafka", pkgConfig: "rdkafka", package: "librdkafka-dev"),
        systemLibrary("CLibPQ", pkgConfig: "libpq", package: "libpq-dev"),
        systemLibrary("CMariaDB", pkgConfig: "libmariadb", package: "libmariadb-dev"),
        systemLibrary("CSQLite", pkgConfig: "sqlite3", package: "libsqlite3-dev"),
        systemLibrary("CSodium", pkgConfig: "libsodium", package: "libsodium-dev"),
        systemLibrary("COpenSSL", pkgConfig: "libcrypto", package: "libssl-dev"),
        systemLibrary("CMicroHTTPD", pkgConfig: "libmicrohttpd", package: "libmicrohttpd-dev"),
        systemLibrary("CYAML", pkgConfig: "yaml-0.1", package: "libyaml-dev"),
        .systemLibrary(name: "CSystem"),

        target("TrustlogCore", ["CSodium", "COpenSSL"]),
        target("BlockingExecutor", ["CSystem"]),
        target("Observability"),
        target("KafkaClient", ["CRdKafka", "BlockingExecutor", "Observability"]),
        target(
            "OperationStore",
            ["CSQLite", "CLibPQ", "CMariaDB", "BlockingExecutor", "Observability", "TrustlogCore"],
            exclude: ["Schema/README.md", "Schema/test_data.sql"],
            resources: [
                .embedInCode("Schema/sqlite.sql"), .embedInCode("Schema/postgresql.sql"),
                .embedInCode("Schema/mysql.sql"),
            ]),
        target(
            "TrustlogService", ["TrustlogCore", "BlockingExecutor", "Observability", "KafkaClient", "OperationStore"]),
        target(
            "TrustlogAdmin", ["CMicroHTTPD", "Observability"],
            resources: [
                .embedInCode("Console/console.html"), .embedInCode("Console/console.css"),
                .embedInCode("Console/console.js"), .embedInCode("Console/icon.svg"),
            ]),
        target("CommandLineTool"),
        .executableTarget(
            name: "TrustlogCLI",
            dependencies: [
                "CYAML", "CSystem", "TrustlogCore", "BlockingExecutor", "Observability", "KafkaClient",
                "OperationStore",
                "TrustlogService", "TrustlogAdmin", "CommandLineTool",
            ],
            swiftSettings: swiftSettings),

        // Holds the stores against bare drivers; only Benchmarks/run.sh builds and runs it.
        .executableTarget(
            name: "StoreBenchmark",
            dependencies: ["CSQLite", "CLibPQ", "CMariaDB", "Observability", "OperationStore", "TrustlogCore"],
            path: "Benchmarks/Store",
            swiftSettings: swiftSettings),
        .target(
            name: "TrustlogTestKit",
            dependencies: [
                "CSystem", "TrustlogCore", "Observability", "KafkaClient", "OperationStore", "CommandLineTool",
            ],
            path: "Tests/TrustlogTestKit",
            swiftSettings: swiftSettings),
        tests("TrustlogCoreTests", ["TrustlogCore"], resources: [.copy("Golden")]),
        tests("BlockingExecutorTests", ["BlockingExecutor", "CSystem"]),
        tests("ObservabilityTests", ["Observability"]),
        tests("KafkaClientTests", ["KafkaClient"]),
        tests("OperationStoreTests", ["OperationStore", "CSQLite", "CLibPQ", "CMariaDB"]),
        tests(
            "TrustlogServiceTests",
            [
                "TrustlogService", "BlockingExecutor", "Observability", "KafkaClient", "OperationStore", "TrustlogCore",
                "CSQLite",
            ]),
        tests("TrustlogAdminTests", ["TrustlogAdmin"]),
        tests("CommandLineToolTests", ["CommandLineTool"]),
        tests(
            "TrustlogCLITests",
            [
                "TrustlogCLI", "CommandLineTool", "Observability", "TrustlogCore", "KafkaClient", "TrustlogAdmin",
                "OperationStore", "TrustlogService", "CSQLite",
            ]),
        tests("AcceptanceTests", ["CommandLineTool"]),
    ]
)
