# cmake --build build/release --target package: a .deb for the Debian that it is built on. dpkg-shlibdeps finds what it depends on.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME runner)
set(CPACK_PACKAGE_CONTACT "The runner authors <runner@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Trains LVM transformers and builds FAISS indexes from YAML files")
set(CPACK_PACKAGE_DESCRIPTION
    "A job runner on libtorch and FAISS whose processes never hold two OpenMP runtimes: it sets the environment before a
library loads, finds the conflict, and explains it. Training, evaluation, indexes, search, schedules.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})  # librunner_core.so
# The BLAS that shares libgomp's threads; shlibdeps is content with any.
set(CPACK_DEBIAN_PACKAGE_DEPENDS libopenblas0-openmp)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3-numpy")
install(FILES LICENSE DESTINATION share/doc/runner RENAME copyright)
install(FILES README.md CHANGELOG.md DESTINATION share/doc/runner)
install(DIRECTORY docs DESTINATION share/doc/runner FILES_MATCHING PATTERN "*.md")
include(CPack)
