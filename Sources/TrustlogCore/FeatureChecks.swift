// SwiftPM ignores a misspelt feature name silently; each one that Package.swift enables is checked here.
#if !hasFeature(ExistentialAny)
    #error("ExistentialAny is off: see swiftSettings in Package.swift")
#endif
#if !hasFeature(InternalImportsByDefault)
    #error("InternalImportsByDefault is off: see swiftSettings in Package.swift")
#endif
#if !hasFeature(MemberImportVisibility)
    #error("MemberImportVisibility is off: see swiftSettings in Package.swift")
#endif
#if !hasFeature(NonisolatedNonsendingByDefault)
    #error("NonisolatedNonsendingByDefault is off: see swiftSettings in Package.swift")
#endif
