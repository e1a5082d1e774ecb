"""Weights on disk: which ex4d knows, where they lie, whether they are whole, how they come here, on what terms.

They lie in ``$EX4D_MODELS/NAME``, or in the user's data folder; what was downloaded for EX-4D's own scripts is found
below the same folder. What is read is safetensors, which are numbers and nothing else, and of pickles, which may run
code when they are loaded, only those that were published so and ask for tensors alone.
"""

from ex4d.models.adapter_files import adapter_fault as adapter_fault
from ex4d.models.checking import check as check
from ex4d.models.commands import commands_for as commands_for
from ex4d.models.commands import install_command as install_command
from ex4d.models.commands import pull_command as pull_command
from ex4d.models.depth_models import DEPTH_MODELS as DEPTH_MODELS
from ex4d.models.layout import Layout as Layout
from ex4d.models.pulling import pull as pull
from ex4d.models.registry import COTRACKER3 as COTRACKER3
from ex4d.models.registry import DISTILLATION as DISTILLATION
from ex4d.models.registry import EX4D as EX4D
from ex4d.models.registry import KNOWN as KNOWN
from ex4d.models.registry import VACE as VACE
from ex4d.models.registry import WAN as WAN
from ex4d.models.registry import depth_model as depth_model
from ex4d.models.registry import located as located
from ex4d.models.registry import require_settings as require_settings
from ex4d.models.registry import weights_for as weights_for
from ex4d.models.registry import weights_named as weights_named
from ex4d.models.weights import KnownDepthModel as KnownDepthModel
from ex4d.models.weights import Weights as Weights
from ex4d.models.weights import missing as missing
from ex4d.models.weights import models_folder as models_folder
